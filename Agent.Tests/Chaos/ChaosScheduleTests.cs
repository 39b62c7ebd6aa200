using Agent.Bench.Chaos;

namespace Agent.Tests.Chaos;

public sealed class ChaosScheduleTests
{
    private static readonly int[] Seeds = [.. Enumerable.Range(1, 2000)];

    [Fact]
    public void A_seed_gives_the_same_faults_again_and_another_one_others()
    {
        Assert.All(Seeds, seed => Assert.Equal(ChaosSchedule.Draw(seed), ChaosSchedule.Draw(seed)));
        Assert.True(Seeds.Select(seed => string.Join(';', ChaosSchedule.Draw(seed))).Distinct().Count() > 1990);
    }

    [Fact]
    public void Faults_begin_and_end_while_the_load_runs_in_the_order_of_their_start() => Assert.All(Seeds, seed =>
    {
        IReadOnlyList<Fault> faults = ChaosSchedule.Draw(seed);
        Assert.InRange(faults.Count, 3, 7);
        Assert.All(faults, fault => Assert.True(fault.Start > TimeSpan.Zero && fault.End <= ChaosSchedule.LoadDuration, fault.ToString()));
        Assert.Equal(faults.OrderBy(fault => fault.Start), faults);
    });

    [Fact]
    public void No_fault_undoes_another_one_that_still_holds() => Assert.All(Seeds, seed =>
    {
        IReadOnlyList<Fault> faults = ChaosSchedule.Draw(seed);
        foreach ((int index, Fault fault) in faults.Index())
        {
            Assert.All(
                faults.Skip(index + 1).Where(later => ChaosSchedule.Holds(later).Intersect(ChaosSchedule.Holds(fault)).Any()),
                later => Assert.True(later.Start >= fault.End, $"seed {seed}: {fault} and {later}"));
        }
    });

    [Fact]
    public void Every_kind_and_every_link_is_drawn_and_several_faults_hold_at_a_time()
    {
        Fault[] all = [.. Seeds.SelectMany(ChaosSchedule.Draw)];
        Assert.Empty(Enum.GetValues<FaultKind>().Except(all.Select(fault => fault.Kind)));
        HashSet<string> links = [.. all.Where(fault => fault.Peer.Length > 0).Select(fault => $"{fault.Victim}>{fault.Peer}")];
        string[] needed = ["n1>n2", "n3>m1", "m2>n1", "m1>m3", "n2>pg1", "pg2>n2", "pg1>pg2", "pg2>pg1", "n1>bind", "knot>n2", "n3>master"];
        Assert.Empty(needed.Except(links));
        Assert.True(Seeds.Count(seed => HasTwoAtATime(ChaosSchedule.Draw(seed))) > Seeds.Length / 2);
    }

    private static bool HasTwoAtATime(IReadOnlyList<Fault> faults) =>
        faults.Zip(faults.Skip(1)).Any(pair => pair.Second.Start < pair.First.End);
}
