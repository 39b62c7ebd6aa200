using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Zones;
using Agent.Tests.TestKit;

namespace Agent.Tests.Zones;

/// <summary>Random lives: whatever happens in whatever order, no rule breaks, and when things go well again the last wish is
/// fulfilled.</summary>
public sealed class ZoneMachinePropertyTests
{
    private const int Seeds = 3000;
    private const int StepsPerSeed = 60;
    private static readonly string[] AllTargets = ["ns1", "ns2", "ns3", "ns4"];

    [Fact]
    public void The_last_wish_is_fulfilled_whatever_happened_before() =>
        SimSeeds.ForEach(Seeds, seed => Live(new KernelRandom(seed)));

    private static void Live(KernelRandom random)
    {
        var policy = new ZonePolicy
        {
            OnUnknownNotify = (UnknownNotify)random.Next(3),
            NotifyDelay = random.Chance(0.3) ? TimeSpan.FromSeconds(1) : TimeSpan.Zero,
            MaxWaitingRequests = 3 + random.Next(10),
        };
        var zone = new ZoneMachineDriver(policy);
        uint serial = (uint)random.Next(int.MaxValue);
        for (int step = 0; step < StepsPerSeed; step++)
        {
            uint? heldBefore = zone.Machine.Phase == ZonePhase.Present ? zone.Machine.Row?.Content?.Serial : null;
            bool forced = Act(zone, random, ref serial);
            uint? heldAfter = zone.Machine.Phase == ZonePhase.Present ? zone.Machine.Row?.Content?.Serial : null;
            if (!forced && heldBefore is { } before && heldAfter is { } after)
                Assert.True(before == after || Agent.Dns.Wire.SerialNumber.IsNewer(after, before), $"{before} was replaced by {after}");
        }

        // A last DELETE or CREATE, then everything works.
        bool wanted = random.Chance(0.5);
        ZoneMachineSettling.Settle(zone, serial + 1);
        long last = wanted ? zone.Create() : zone.Delete();
        ZoneMachineSettling.Settle(zone, serial + 2);
        Assert.Equal(ZoneOutcome.Done, zone.Requests[last]);
        Assert.DoesNotContain(zone.Requests, r => r.Value is null);
        Assert.Equal(wanted ? ZonePhase.Present : ZonePhase.Unknown, zone.Machine.Phase);
        if (!wanted) return;
        Assert.True(zone.Machine.IsQuiet);
        Assert.Equal(zone.Machine.Row!.Content!.Serial, zone.Present!.Content.Serial);
        Assert.Equal(zone.Machine.Row.Generation, zone.Present.Generation);
        Assert.Equal(zone.Targets.AsEnumerable(), zone.Machine.Row.Targets.Select(t => t.Target));
        foreach (string target in zone.Targets) Assert.Equal((zone.Machine.Row.Generation, true), zone.Told[target]);
    }

    /// <summary>One random act; true when an operator's force may move the serial back.</summary>
    internal static bool Act(ZoneMachineDriver zone, KernelRandom random, ref uint serial)
    {
        switch (random.Next(18))
        {
            case 0: zone.Create(); break;
            case 1 when random.Chance(0.5): zone.Delete(); break;
            case 2: zone.Notify(); break;
            case 3: zone.Refresh(); break;
            case 4 when zone.Pass is not null: zone.Bring(serial += (uint)random.Next(3)); break;
            case 5 when zone.Pass is { Force: false }: zone.Bring(serial - 5); break;
            case 6 when zone.Pass is not null: zone.FailPass(); break;
            case 7 when zone.Pass is not null: zone.Feed(new PassMoved(zone.Pass.Pass)); break;
            case 8 or 9 when zone.Write is not null:
                if (random.Chance(0.8)) zone.Commit();
                else zone.RefuseWrite();
                break;
            case 10 when zone.Machine.Row is not null && (zone.Present is not null || zone.Absent is not null):
                zone.Report(AllTargets[random.Next(AllTargets.Length)], (TargetZoneState)random.Next(4));
                break;
            case 11 when zone.Timers.Count > 0: zone.Fire(zone.Timers.Order().ElementAt(random.Next(zone.Timers.Count))); break;
            case 12 when zone.Requests.Any(r => r.Value is null):
                zone.Feed(new DeadlineReached(zone.Requests.Where(r => r.Value is null).Min(r => r.Key)));
                break;
            case 13 when zone.Write is not null: zone.DelayWrite(); break;
            case 15: zone.Undelete(); break;
            case 16 or 17 when zone is { KeptIsAsked: true, Gone: false }:
                zone.Keep(random.Chance(0.7) ? serial - (uint)random.Next(3) : null);
                break;
            case 14 when !zone.Gone:
                int without = random.Next(AllTargets.Length);
                zone.ChangeTargets([.. AllTargets.Where((_, i) => i != without && (i == (without + 1) % 4 || random.Chance(0.7)))]);
                break;
            default: break;
        }

        return zone.Pass is { Force: true };
    }
}
