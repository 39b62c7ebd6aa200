using System.Text;
using Agent.Backends.Shared;

namespace Agent.Backends.PowerDns;

/// <summary>Purges of PowerDNS's caches in few commands: what is asked for while one is under way goes together into the next.</summary>
/// <remarks>Any number of callers. A zone that the server does not like is purged alone, and fails nobody else.</remarks>
internal sealed class GatheredPurges
{
    // The server reads 1023 octets of a line and takes the rest for nothing. One name has some 260 at most.
    private const int LineOctetsMax = 1000;

    private readonly Func<string, CancellationToken, Task<string>> _ask;
    private readonly CoalescedRun _run;
    private readonly Lock _lock = new();
    private List<Wanted> _wanted = [];

    /// <param name="ask">One command to the server, and its answer.</param>
    public GatheredPurges(Func<string, CancellationToken, Task<string>> ask)
    {
        _ask = ask;
        _run = new CoalescedRun(PurgeAsync);
    }

    /// <summary>Returns when the server has forgotten the zone and all names below it, at a time after this call.</summary>
    /// <exception cref="BackendException">It has not.</exception>
    public async Task PurgeAsync(string zone, CancellationToken cancellation)
    {
        Wanted wanted = new(zone == "." ? "$" : zone + "$");
        Task run;
        lock (_lock)
        {
            _wanted.Add(wanted);
            run = _run.JoinAsync();
        }

        await run.WaitAsync(cancellation);
        if (wanted.Refusal is { } refusal)
            throw BackendException.Refused($"PowerDNS did not purge its cache: {AnswerText.Of(refusal)}");
    }

    private async Task PurgeAsync()
    {
        List<Wanted> wanted;
        lock (_lock)
            (wanted, _wanted) = (_wanted, []);
        using CancellationTokenSource late = new(OrderDeadlines.Default.Observe);
        for (int first = 0; first < wanted.Count;)
        {
            int end = EndOfLine(wanted, first);
            await PurgeAsync(wanted[first..end], late.Token);
            first = end;
        }
    }

    private async Task PurgeAsync(List<Wanted> together, CancellationToken cancellation)
    {
        StringBuilder command = new("purge");
        foreach (Wanted wanted in together)
            command.Append(' ').Append(wanted.Match);
        string answer = await _ask(command.ToString(), cancellation);
        if (long.TryParse(answer, out _))
            return;
        if (together is [Wanted alone])
        {
            alone.Refusal = answer;
            return;
        }

        foreach (Wanted wanted in together)
            await PurgeAsync([wanted], cancellation);
    }

    private static int EndOfLine(List<Wanted> wanted, int first)
    {
        int end = first;
        int octets = "purge".Length;
        while (end < wanted.Count && (end == first || octets + 1 + wanted[end].Match.Length <= LineOctetsMax))
            octets += 1 + wanted[end++].Match.Length;
        return end;
    }

    private sealed class Wanted(string match)
    {
        public string Match => match;

        public string? Refusal { get; set; }
    }
}
