using Agent.Actors.Backends;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Conformance;

/// <summary>The words in which the checks are written: one driver, its bed, and what must be so in the end.</summary>
internal sealed class ConformanceRun(ConformanceBed bed, ConformanceCaller caller, CancellationToken cancellation)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(200);

    public ConformanceBed Bed => bed;

    public ConformanceCaller Caller => caller;

    public BackendTraits Traits => caller.Backend.Traits;

    public CancellationToken Cancellation => cancellation;

    /// <summary>A content of a serial and so many hosts.</summary>
    public static ZoneContent Content(DomainName zone, uint serial, int hosts = 2) =>
        Content(zone, serial, Enumerable.Range(0, hosts).Select(i => $"h{i} A 192.0.{i >> 8 & 255}.{i & 255}"));

    /// <summary>A content of a serial, a name server elsewhere, and these records.</summary>
    public static ZoneContent Content(DomainName zone, uint serial, IEnumerable<string> lines)
    {
        // Elsewhere, so that no rule of host names or glue stands between a strange zone and its server.
        const string Server = "ns1.elsewhere.test.";
        string text = $"$ORIGIN {zone}\n$TTL 300\n@ IN SOA {Server} {Server} {serial} 3600 600 86400 300\n@ NS {Server}\n"
            + string.Concat(lines.Select(line => line + "\n"));
        return ZoneFileReader.TryParse(text, zone, out MemoryZoneContent? content, out ZoneFileError? error)
            ? content!
            : throw new InvalidOperationException($"{zone}: {error}");
    }

    public static void Require(bool isSo, string problem)
    {
        if (!isSo) throw new ConformanceException(problem);
    }

    public static async Task DoneAsync(Task<OrderFinished> order, string what)
    {
        OrderFinished answer = await order;
        Require(answer.Outcome == OrderOutcome.Done, $"{what} ended with {answer.Outcome}: {answer.Reason?.Text}");
    }

    /// <summary>Ordered, done, and served in the end.</summary>
    public async Task AppliedAsync(ZoneContent content)
    {
        await DoneAsync(caller.ApplyAsync(content), $"an apply of {content.Apex} {content.Serial}");
        await ServedAsync(content.Apex, content.Serial);
    }

    /// <summary>And what the server holds is what was given, where that can be seen.</summary>
    public async Task AppliedEquallyAsync(ZoneContent content)
    {
        await AppliedAsync(content);
        List<string> wanted = ConformanceRecords.Lines(content);
        string? difference = "";
        // Behind a reload a server may answer from before and after it for a moment.
        await EventuallyAsync(async () => (difference = await DifferenceAsync(content.Apex, wanted)) is null, () => difference!);
    }

    public async Task RemovedAsync(DomainName zone)
    {
        await DoneAsync(caller.RemoveAsync(zone), $"a removal of {zone}");
        await SeenAsync(zone, Observation.Absent, 0);
    }

    public Task ServedAsync(DomainName zone, uint serial) => SeenAsync(zone, Observation.Present, serial);

    public async Task SeenAsync(DomainName zone, Observation observation, uint serial)
    {
        ZoneObserved? last = null;
        await EventuallyAsync(
            async () => (last = await caller.ObserveAsync(zone)) is { } seen && seen.Observation == observation && seen.Serial == serial,
            () => $"{zone} is not seen as {observation} {serial}, but as {last?.Observation} {last?.Serial} {last?.Reason?.Text}");
    }

    private async Task<string?> DifferenceAsync(DomainName zone, List<string> wanted)
    {
        ZoneContent? content;
        try
        {
            content = await bed.ReadAsync(zone, cancellation);
        }
        catch (IOException error)
        {
            return $"{zone} cannot be read: {error.Message}";
        }

        if (content is null) return null;
        using IDisposable? held = content as IDisposable;
        List<string> served = ConformanceRecords.Lines(content);
        if (wanted.SequenceEqual(served, StringComparer.Ordinal)) return null;
        string? missing = wanted.Except(served, StringComparer.Ordinal).FirstOrDefault();
        string? strange = served.Except(wanted, StringComparer.Ordinal).FirstOrDefault();
        return $"{zone} has other records than it was given: '{missing}' is missing, '{strange}' is strange";
    }

    private async Task EventuallyAsync(Func<Task<bool>> holds, Func<string> problem)
    {
        using CancellationTokenSource late = new(bed.Patience);
        TimeSpan pause = FirstPause;
        while (!await holds())
        {
            Require(!late.IsCancellationRequested, problem());
            await Task.Delay(pause, cancellation);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }
}
