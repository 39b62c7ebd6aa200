using Agent.Actors.Journal;
using Agent.Actors.Zones;

namespace Agent.Tests.Zones;

/// <summary>From here on everything around the zone works: passes bring content, writes succeed, targets prove, timers run.</summary>
internal static class ZoneMachineSettling
{
    private const int StepsAtMost = 50;

    public static void Settle(ZoneMachineDriver zone, uint serial = 1000)
    {
        for (int step = 0; step < StepsAtMost; step++)
        {
            if (!Step(zone, serial)) return;
        }

        Assert.Fail($"does not come to rest: {zone.Machine.Phase}, pass {zone.Pass}, write {zone.Write}");
    }

    private static bool Step(ZoneMachineDriver zone, uint serial)
    {
        if (zone.Write is not null)
        {
            zone.Commit();
        }
        else if (zone is { KeptIsAsked: true, Gone: false })
        {
            zone.Keep(serial - 1);
        }
        else if (zone.Pass is { } pass)
        {
            if (pass.HeldSerial == serial && !pass.Force) zone.Feed(new PassFoundCurrent(pass.Pass, serial));
            else zone.Bring(serial);
        }
        else if (zone.Timers.Contains(ZoneTimer.Retry))
        {
            zone.Fire(ZoneTimer.Retry);
        }
        else if (zone.Timers.Contains(ZoneTimer.NotifyDelay))
        {
            zone.Fire(ZoneTimer.NotifyDelay);
        }
        else if (zone.Machine.Row is { } row && (zone.Present is not null || zone.Absent is not null)
            && row.Targets.Any(t => t.State != TargetZoneState.Verified))
        {
            zone.ReportAll(TargetZoneState.Verified);
        }
        else
        {
            return false;
        }

        return true;
    }
}
