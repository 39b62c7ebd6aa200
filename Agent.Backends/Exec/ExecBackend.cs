using System.Globalization;
using Agent.Actors.Backends;
using Agent.Backends.Shared;
using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Exec;

/// <summary>
/// Any server at all, through a program of the operator that is run for each order: <c>apply ZONE SERIAL</c> with the zone as a master file
/// on standard input, <c>remove ZONE</c>, <c>observe ZONE</c>, <c>probe</c> and <c>list</c>. Its exit code says how the order ended
/// (<see cref="ExecExit"/>), and the last line of its standard error why. With <see cref="ExecOptions.Server"/> set, that server is asked
/// what it serves, and the program is not.
/// </summary>
public sealed class ExecBackend : AsyncZoneBackend
{
    private const int RunNameCharsMax = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ProbeTimeoutMax = TimeSpan.FromSeconds(8);

    // To kill what has not ended, and to say so in better words than "not done".
    private static readonly TimeSpan KillTime = TimeSpan.FromSeconds(2);

    private readonly ExecOptions _options;
    private readonly ExecCommand _command;
    private readonly ServerProbe? _server;
    private volatile string? _run;

    /// <summary>Runs nothing yet.</summary>
    /// <exception cref="BackendOptionsException">A setting can never work.</exception>
    public ExecBackend(ExecOptions options, TimeProvider time)
        : base(TraitsOf(options), DeadlinesOf(options), time)
    {
        if (options.Command is not [{ Length: > 0 }, ..] || options.Command.Any(word => word.Contains('\0', StringComparison.Ordinal)))
            throw new BackendOptionsException("command", "a program and its arguments are needed");
        _options = options;
        _command = new ExecCommand(options, time);
        _server = options.Server is null ? null : new ServerProbe(options.Server, time);
    }

    /// <inheritdoc/>
    protected override string? ServerRun => _run;

    private TimeSpan ProbeTimeout => _options.Timeout < ProbeTimeoutMax ? _options.Timeout : ProbeTimeoutMax;

    /// <inheritdoc/>
    protected override async Task ApplyAsync(DomainName zone, ZoneContent content, CancellationToken cancellation)
    {
        string path = Path.Combine(_options.SpoolDirectory, $"exec-{Path.GetRandomFileName()}");
        try
        {
            using (FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1))
            {
                if (ZoneFileWriter.Write(content, file, RdataTextStyle.Common) is not ZoneContentError.None and var damage)
                    throw BackendException.Refused($"the content of {zone} is damaged: {damage}");
            }

            string serial = content.Serial.ToString(CultureInfo.InvariantCulture);
            await ChangeAsync(Call("apply", ControlName.WithoutFinalDot(zone), serial) with { InputFile = path }, cancellation);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <inheritdoc/>
    protected override Task RemoveAsync(DomainName zone, CancellationToken cancellation) =>
        ChangeAsync(Call("remove", ControlName.WithoutFinalDot(zone)), cancellation);

    /// <inheritdoc/>
    protected override async Task<ZoneSighting> ObserveAsync(DomainName zone, CancellationToken cancellation)
    {
        if (_server is not null)
            return ZoneSighting.From(await _server.AskAsync(zone, cancellation));
        ExecCall call = Call("observe", ControlName.WithoutFinalDot(zone)) with { LinesMax = 1 };
        ExecRun run = await _command.RunAsync(call, cancellation);
        if (run.ExitCode == ExecExit.Absent)
            return ZoneSighting.Absent;
        if (run.ExitCode != ExecExit.Done)
            return ZoneSighting.CannotTell(Ended(call, run));
        return run.Lines is [var line] && uint.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out uint serial)
            ? ZoneSighting.Present(serial)
            : ZoneSighting.CannotTell($"{_command.Title(call)} said no serial{ExecCommand.Said(Quoted(run))}");
    }

    /// <inheritdoc/>
    protected override async Task ProbeAsync(CancellationToken cancellation)
    {
        ExecCall call = new(["probe"], ProbeTimeout) { LinesMax = 1 };
        ExecRun run = await _command.RunAsync(call, cancellation);
        if (run.ExitCode != ExecExit.Done)
            throw BackendException.Away(Ended(call, run));
        _run = run.Lines is [var line] ? line[..Math.Min(line.Length, RunNameCharsMax)] : null;
    }

    /// <inheritdoc/>
    protected override async Task<IReadOnlyCollection<DomainName>> ListAsync(int maximum, CancellationToken cancellation)
    {
        if (_options.Listing == ZoneListing.None)
            throw BackendException.Refused("the program of this target names no zones (list = none)");
        ExecCall call = new(["list"], ListTimeout(_options)) { LinesMax = maximum + 1 };
        ExecRun run = await _command.RunAsync(call, cancellation);
        if (run.ExitCode != ExecExit.Done)
            throw Failure(call, run);
        HashSet<DomainName> zones = new(run.Lines.Count);
        foreach (string line in run.Lines)
        {
            if (!DomainName.TryParse(line, out DomainName? zone))
                throw BackendException.Refused($"{_command.Title(call)} said '{line}', which is no name of a zone");
            zones.Add(zone);
        }

        return run.HasMoreLines ? throw BackendException.Refused($"the server has more than {maximum} zones") : zones;
    }

    private static BackendTraits TraitsOf(ExecOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new BackendTraits("exec", options.Concurrency, Patience) { Listing = options.Listing };
    }

    private static OrderDeadlines DeadlinesOf(ExecOptions options)
    {
        OrderDeadlines usual = OrderDeadlines.Default;
        TimeSpan run = options.Timeout + KillTime;
        TimeSpan observe = options.Server is null ? run : usual.Observe;
        return new OrderDeadlines(usual.Apply + run, run, observe, ProbeTimeoutMax + KillTime) { List = ListTimeout(options) + KillTime };
    }

    /// <summary>A server may have very many.</summary>
    private static TimeSpan ListTimeout(ExecOptions options) =>
        options.Timeout > OrderDeadlines.Default.List ? options.Timeout : OrderDeadlines.Default.List;

    private static string Quoted(ExecRun run) => run.Lines is [var line, ..] ? $"'{line}'" : run.LastWords;

    private ExecCall Call(params string[] words) => new(words, _options.Timeout);

    private async Task ChangeAsync(ExecCall call, CancellationToken cancellation)
    {
        ExecRun run = await _command.RunAsync(call with { IsChange = true }, cancellation);
        if (run.ExitCode != ExecExit.Done)
            throw Failure(call, run);
    }

    private BackendException Failure(ExecCall call, ExecRun run) => run.ExitCode == ExecExit.Away
        ? BackendException.Away(Ended(call, run))
        : BackendException.Refused(Ended(call, run));

    private string Ended(ExecCall call, ExecRun run) =>
        $"{_command.Title(call)} ended with {run.ExitCode}{ExecCommand.Said(run.LastWords)}";
}
