using Agent.Actors.Backends;
using Agent.Backends.Exec;

namespace Agent.Host.Configuration;

/// <param name="Command">Program and its own arguments.</param>
/// <param name="Environment">Names of variables.</param>
public sealed record ExecSettings(
    IReadOnlyList<string> Command,
    TimeSpan Timeout,
    int Concurrency,
    int Together,
    ZoneListing Listing,
    IReadOnlyList<string> Environment) : TargetSettings
{
    private const int ConcurrencyMax = 64;
    private const int TogetherMax = 500;

    internal static ExecSettings Read(SectionReader section, TargetSurroundings around)
    {
        IReadOnlyList<string> command = section.Texts("command");
        if (command is not [{ Length: > 0 }, ..]) section.Problem("command", "the program to run must be given, and its arguments");
        return new ExecSettings(
            command,
            section.Duration("timeout", TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
            section.Integer("concurrency", 1, ConcurrencyMax),
            section.Integer("together", 1, TogetherMax),
            section.Choice("list", ("none", ZoneListing.None), ("own", ZoneListing.Own), ("whole", ZoneListing.Whole)),
            [.. section.Words("environment").Select(word => word.Text)]);
    }

    public ExecOptions ToOptions(HostEndpoint? server, string spoolDirectory) => new(Command, spoolDirectory)
    {
        Timeout = Timeout,
        Concurrency = Concurrency,
        Together = Together,
        Listing = Listing,
        Environment = Environment,
        Server = server?.ToEndPoint(),
    };
}
