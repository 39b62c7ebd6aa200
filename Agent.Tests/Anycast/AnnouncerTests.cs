using Agent.Actors.Kernel.Simulation;
using Agent.Tests.TestKit;

namespace Agent.Tests.Anycast;

/// <summary>Several nodes that ask each other for leave, under all faults of the store and of their machines.</summary>
public sealed class AnnouncerTests
{
    private const int Seeds = 100;

    [Fact]
    public void The_address_is_never_withdrawn_by_all() =>
        SimSeeds.ForEach(Seeds, seed => AnnouncerLife.Live(seed, SimSeeds.Swarm(seed)));

    [Fact]
    public void A_leave_that_is_taken_without_asking_is_found()
    {
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            SimOptions options = SimSeeds.Swarm(seed);
            Exception? found = Record.Exception(() => AnnouncerLife.Live(seed, options with { PlantedBug = PlantedBug.LeaveUnasked }));
            if (found?.Message.Contains("the last announcer was given leave", StringComparison.Ordinal) == true) return;
        }

        Assert.Fail($"{Seeds} seeds do not find it");
    }
}
