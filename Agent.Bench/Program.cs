using Agent.Bench;
using Agent.Bench.Measure;

if (args.Length == 0 || !BenchCatalog.Programs.TryGetValue(args[0], out BenchProgram? program))
{
    await Console.Error.WriteLineAsync("usage: Agent.Bench PROGRAM [--name value ...] [--json FILE]");
    foreach ((string name, BenchProgram known) in BenchCatalog.Programs)
    {
        await Console.Error.WriteLineAsync($"  {name,-10} {known.Summary}");
    }

    return 2;
}

try
{
    BenchOptions options = BenchOptions.Parse(args[1..]);
    BenchReport report = await program.RunAsync(options);
    report.Print(Console.Out);
    if (options.JsonFile is { } file)
    {
        await File.AppendAllTextAsync(file, report.ToJson() + "\n");
    }

    return report.HasFailed ? 1 : 0;
}
catch (FormatException problem)
{
    await Console.Error.WriteLineAsync(problem.Message);
    return 2;
}
