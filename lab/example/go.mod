module rehouse.example/example

go 1.24
