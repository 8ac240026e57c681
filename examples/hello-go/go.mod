module mayfly.example/hello-go

go 1.21
