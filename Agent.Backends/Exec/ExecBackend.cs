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
/// what it serves, and the program is not. With <see cref="ExecOptions.Together"/> it is given many zones in one run
/// (<see cref="ExecGroups"/>).
/// </summary>
public sealed class ExecBackend : AsyncZoneBackend
{
    private const int RunNameCharsMax = 200;

    // One with the program, and the next one that gathers.
    private const int GroupsUnderWay = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ProbeTimeoutMax = TimeSpan.FromSeconds(8);

    // To kill what has not ended, and to say so in better words than "not done".
    private static readonly TimeSpan KillTime = TimeSpan.FromSeconds(2);

    private readonly ExecOptions _options;
    private readonly ExecCommand _command;
    private readonly ServerProbe? _server;
    private readonly ExecGroups? _groups;

    // Not disposed: it holds nothing but memory.
    private readonly SemaphoreSlim _looks;
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
        _groups = options.Together > 1 ? new ExecGroups(options, _command, time) : null;
        _looks = new SemaphoreSlim(options.Concurrency);
    }

    /// <inheritdoc/>
    protected override string? ServerRun => _run;

    private TimeSpan ProbeTimeout => _options.Timeout < ProbeTimeoutMax ? _options.Timeout : ProbeTimeoutMax;

    /// <inheritdoc/>
    protected override async Task ApplyAsync(DomainName zone, ZoneContent content, CancellationToken cancellation)
    {
        string path = Path.Combine(_options.SpoolDirectory, $"exec-{Path.GetRandomFileName()}");
        string serial = content.Serial.ToString(CultureInfo.InvariantCulture);
        ExecChange change = new(ControlName.WithoutFinalDot(zone), serial, path);
        bool isHandedOver = false;
        try
        {
            Write(content, path);
            isHandedOver = _groups is not null;
            await CarryOutAsync(change, cancellation);
        }
        finally
        {
            if (!isHandedOver) File.Delete(path);
        }
    }

    /// <inheritdoc/>
    protected override Task RemoveAsync(DomainName zone, CancellationToken cancellation) =>
        CarryOutAsync(new ExecChange(ControlName.WithoutFinalDot(zone)), cancellation);

    /// <inheritdoc/>
    protected override async Task<ZoneSighting> ObserveAsync(DomainName zone, CancellationToken cancellation)
    {
        if (_server is not null)
            return ZoneSighting.From(await _server.AskAsync(zone, cancellation));
        ExecCall call = new(["observe", ControlName.WithoutFinalDot(zone)], _options.Timeout) { LinesMax = 1 };
        ExecRun run = await LookAsync(call, cancellation);
        if (run.ExitCode == ExecExit.Absent)
            return ZoneSighting.Absent;
        if (run.ExitCode != ExecExit.Done)
            return ZoneSighting.CannotTell(_command.Ended(call, run));
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
            throw BackendException.Away(_command.Ended(call, run));
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
            throw _command.Failure(call, run);
        HashSet<DomainName> zones = new(run.Lines.Count);
        foreach (string line in run.Lines)
        {
            if (!DomainName.TryParse(line, out DomainName? zone))
                throw BackendException.Refused($"{_command.Title(call)} said '{line}', which is no name of a zone");
            zones.Add(zone);
        }

        return run.HasMoreLines ? throw BackendException.Refused($"the server has more than {maximum} zones") : zones;
    }

    /// <inheritdoc/>
    protected override ValueTask CloseAsync() => _groups?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static BackendTraits TraitsOf(ExecOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        int together = options.Together > 1 ? GroupsUnderWay * options.Together : 1;
        return new BackendTraits("exec", Math.Max(options.Concurrency, together), Patience)
        {
            Listing = options.Listing,
            OrdersTogether = options.Together,
        };
    }

    private static OrderDeadlines DeadlinesOf(ExecOptions options)
    {
        OrderDeadlines usual = OrderDeadlines.Default;
        TimeSpan run = options.Timeout + KillTime;
        TimeSpan observe = options.Server is null ? run : usual.Observe;

        // Behind the group that is under way, and one of the other kind.
        TimeSpan change = options.Together > 1 ? (GroupsUnderWay + 1) * run : run;
        return new OrderDeadlines(usual.Apply + change, change, observe, ProbeTimeoutMax + KillTime)
        {
            List = ListTimeout(options) + KillTime,
        };
    }

    /// <summary>A server may have very many.</summary>
    private static TimeSpan ListTimeout(ExecOptions options) =>
        options.Timeout > OrderDeadlines.Default.List ? options.Timeout : OrderDeadlines.Default.List;

    private static string Quoted(ExecRun run) => run.Lines is [var line, ..] ? $"'{line}'" : run.LastWords;

    private static void Write(ZoneContent content, string path)
    {
        using FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1);
        if (ZoneFileWriter.Write(content, file, RdataTextStyle.Common) is not ZoneContentError.None and var damage)
            throw BackendException.Refused($"the content of {content.Apex} is damaged: {damage}");
    }

    private Task CarryOutAsync(ExecChange change, CancellationToken cancellation) => _groups is not null
        ? _groups.SubmitAsync(change, cancellation)
        : _command.ChangeAsync(new ExecCall(change.Words, _options.Timeout) { InputFile = change.File }, cancellation);

    /// <summary>Beside a group of changes many looks may be wanted at once.</summary>
    private async Task<ExecRun> LookAsync(ExecCall call, CancellationToken cancellation)
    {
        await _looks.WaitAsync(cancellation);
        try
        {
            return await _command.RunAsync(call, cancellation);
        }
        finally
        {
            _looks.Release();
        }
    }
}
