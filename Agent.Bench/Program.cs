using Agent.Bench;

if (args is ["kernel"]) return KernelBench.Run();
Console.Error.WriteLine("usage: Agent.Bench kernel");
Console.Error.WriteLine("  kernel   messages per second between actors, actors created per second, octets per idle actor");
return 2;
