module rehouse/init

go 1.21
