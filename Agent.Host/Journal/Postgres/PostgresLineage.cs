using System.Globalization;

namespace Agent.Host.Journal.Postgres;

/// <summary>
/// How far the line of primaries has come that this agent has worked with. A former primary that comes back takes connections and calls
/// itself a primary as before; what was written there would be on no server that counts. Any thread.
/// </summary>
/// <remarks>
/// Each promotion makes a timeline with a larger number, so of two primaries of one system the one on the smaller is the former. The last
/// one seen is remembered in the data folder, for a former primary may be the first that a start finds.
/// </remarks>
internal sealed class PostgresLineage(DataDirectory directory)
{
    private readonly Lock _gate = new();
    private (ulong System, uint Timeline)? _last = Parse(directory.ReadJournalTimeline());

    /// <summary>Why a server that calls itself a primary is not one for us; null when it is.</summary>
    public string? WhyNot(PostgresServerFacts facts)
    {
        lock (_gate)
        {
            return _last is { } last && last.System == facts.System && facts.Timeline < last.Timeline
                ? $"is a former primary (timeline {facts.Timeline}, the journal has been on {last.Timeline})"
                : null;
        }
    }

    /// <summary>The journal works with this server.</summary>
    public void Note(PostgresServerFacts facts)
    {
        lock (_gate)
        {
            if (_last == (facts.System, facts.Timeline)) return;
            _last = (facts.System, facts.Timeline);
            try
            {
                directory.WriteJournalTimeline(string.Create(CultureInfo.InvariantCulture, $"{facts.System} {facts.Timeline}"));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // This run knows it; the next one looks at all hosts.
            }
        }
    }

    private static (ulong System, uint Timeline)? Parse(string? text) =>
        text?.Split(' ') is [var system, var timeline]
        && ulong.TryParse(system, NumberStyles.None, CultureInfo.InvariantCulture, out ulong s)
        && uint.TryParse(timeline, NumberStyles.None, CultureInfo.InvariantCulture, out uint t)
            ? (s, t)
            : null;
}
