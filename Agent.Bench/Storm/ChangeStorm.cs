using System.Diagnostics;
using Agent.Bench.Peers;
using Agent.Bench.Provision;

namespace Agent.Bench.Storm;

/// <summary>How a storm of changes went over one side.</summary>
/// <param name="Noted">From the first NOTIFY until each had been answered.</param>
/// <param name="Served">From the first NOTIFY until each zone was served with the new serial.</param>
/// <param name="Repeated">NOTIFYs that were sent again, because they were not answered, or not with NOERROR.</param>
/// <param name="Forgotten">Zones that were answered for, and served with the new serial only after they had been told once more.</param>
internal sealed record ChangeOutcome(TimeSpan Noted, TimeSpan Served, int Repeated, int Forgotten);

/// <summary>
/// Many zones that have changed at the same master: a NOTIFY for each, as many under way as a socket of a server without a large buffer
/// takes, while others ask until each is served.
/// </summary>
internal static class ChangeStorm
{
    private const int Outstanding = 128;

    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Standstill = TimeSpan.FromSeconds(3);

    /// <exception cref="TimeoutException">Some are never answered, or never served.</exception>
    public static async Task<ChangeOutcome> RunAsync(StormSide side, IReadOnlyList<string> zones, uint serial)
    {
        long started = Stopwatch.GetTimestamp();
        RequestCrowd notifies = RequestCrowd.OfNotifiesTo(side.Notified, Outstanding, Silence) with { Serial = serial };
        Task<CrowdOutcome> telling = notifies.RunAsync(zones);
        IReadOnlyList<string> missing = await ServedSweep.MissingAsync(side.Asked, zones, serial, Standstill);
        CrowdOutcome told = await telling;
        int forgotten = missing.Count;
        while (missing.Count > 0)
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
                throw new TimeoutException($"{side.Subject}: {missing.Count} zones do not come to serial {serial}\n{side.Output()}");
            await notifies.RunAsync(missing);
            missing = await ServedSweep.MissingAsync(side.Asked, missing, serial, Standstill);
        }

        return new ChangeOutcome(told.Duration, Stopwatch.GetElapsedTime(started), told.Lost + told.Refused, forgotten);
    }
}
