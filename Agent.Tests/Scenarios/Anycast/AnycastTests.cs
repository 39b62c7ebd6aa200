using System.Globalization;
using Agent.Bench.Peers;
using Xunit.Abstractions;

namespace Agent.Tests.Scenarios.Anycast;

/// <summary>
/// Queries and NOTIFYs to one address go on whatever happens to the agent that they are led to. Every test ends with three agents that
/// announce. How long the client waited is written out, and held against nothing: a clock on a busy machine proves little.
/// </summary>
[Trait("Category", "Peer")]
public sealed class AnycastTests(AnycastFixture lab, ITestOutputHelper output) : IClassFixture<AnycastFixture>
{
    [Fact]
    public async Task A_killed_agent_loses_its_routes_and_the_next_one_answers()
    {
        (int agent, string[] others) = await BeginAsync();
        await lab.Agents[agent].KillAsync();
        await lab.AnnounceAsync(others);
        await GoesOnAsync("kill -9");
        Assert.DoesNotContain(AnycastNetwork.AddressOf(agent), await lab.Network.RoutesAsync(AnycastNetwork.Address6));

        int before = lab.Agents[agent].Output.Length;
        await lab.Agents[agent].StartAsync();
        await lab.AllAnnounceAsync();

        // How far it is when it is asked, a busy machine decides. Its log tells that it did not attract traffic at once.
        Assert.Contains("rise-delay", lab.Agents[agent].Output[before..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_stands_still_loses_its_routes_too()
    {
        (int agent, string[] others) = await BeginAsync();
        ChildProcess process = lab.Agents[agent].Process!;
        process.Signal(PosixSignalNumber.Stop);
        await lab.AnnounceAsync(others);
        await GoesOnAsync("SIGSTOP");
        process.Signal(PosixSignalNumber.Continue);
        await lab.AllAnnounceAsync();
    }

    /// <summary>BIRD's own waits after an error of a session are a minute and more.</summary>
    [Fact]
    public async Task A_router_daemon_that_stood_still_for_longer_than_the_hold_time_has_its_routes_back_soon()
    {
        (int agent, string[] others) = await BeginAsync();
        ChildProcess bird = lab.Birds[agent].Process!;
        for (int i = 0; i < 3; i++)
        {
            bird.Signal(PosixSignalNumber.Stop);
            await lab.AnnounceAsync(others);
            bird.Signal(PosixSignalNumber.Continue);
            await lab.AllAnnounceAsync();
        }

        await GoesOnAsync("BIRD stands still");
    }

    [Fact]
    public async Task A_drained_agent_withdraws_and_goes_on_answering()
    {
        (int agent, string[] others) = await BeginAsync();
        await lab.Agents[agent].SendAsync(HttpMethod.Post, "/api/v1/cluster/drain");
        await lab.AnnounceAsync(others);
        Assert.Contains("draining", AnycastFixture.CodesOf(await lab.StateAsync(agent)));
        await GoesOnAsync("drain");
        Assert.True(lab.Queries.Unanswered <= 2, $"{lab.Queries.Unanswered} queries were not answered");
        await lab.Agents[agent].SendAsync(HttpMethod.Delete, "/api/v1/cluster/drain");
        await lab.AllAnnounceAsync();
    }

    [Fact]
    public async Task A_stopped_agent_withdraws_before_it_ends_and_no_query_is_lost()
    {
        (int agent, string[] others) = await BeginAsync();
        Assert.Equal(0, await lab.Agents[agent].StopAsync());
        await lab.AnnounceAsync(others);
        await GoesOnAsync("SIGTERM");
        Assert.True(lab.Queries.Unanswered <= 2, $"{lab.Queries.Unanswered} queries were not answered\n{lab.Describe()}");
        await lab.Agents[agent].StartAsync();
        await lab.AllAnnounceAsync();
    }

    [Fact]
    public async Task One_stale_agent_withdraws_and_when_all_are_stale_all_stay()
    {
        (int agent, string[] others) = await BeginAsync();
        lab.Freeze(agent);
        await lab.ChangeAsync();
        await lab.AnnounceAsync(others);
        await Eventually.HoldsAsync(
            async () => await lab.StateAsync(agent) is { } state && !state.GetProperty("announce").GetBoolean()
                && AnycastFixture.CodesOf(state).Contains("unverified-age"),
            () => $"it says why\n{lab.Describe()}");
        await GoesOnAsync("one stale");
        lab.Freeze(agent, isFrozen: false);
        await lab.AllAnnounceAsync();

        try
        {
            for (int i = 0; i < 3; i++) lab.Freeze(i);
            await lab.ChangeAsync();
            await AllStayAsLastResortAsync();
            await GoesOnAsync("all stale");
        }
        finally
        {
            // The other tests use the same nodes.
            for (int i = 0; i < 3; i++) lab.Freeze(i, isFrozen: false);
        }

        await Eventually.HoldsAsync(
            async () => !(await lab.Network.RoutesAsync()).Contains("BGP.med: 1", StringComparison.Ordinal),
            () => $"all are fit again\n{lab.Describe()}");
    }

    /// <summary>A node says so first, and its BIRD announces it otherwise some time later.</summary>
    private async Task AllStayAsLastResortAsync()
    {
        await Eventually.HoldsAsync(
            async () => (await Task.WhenAll(Enumerable.Range(0, 3).Select(lab.StateAsync))).All(s =>
                s is { } all && all.GetProperty("announce").GetBoolean() && AnycastFixture.CodesOf(all).Contains("last-announcer")),
            () => $"all stay as the last resort\n{lab.Describe()}");
        await lab.AllAnnounceAsync();
        await Eventually.HoldsAsync(
            async () => (await lab.Network.RoutesAsync()).Contains("BGP.med: 1000", StringComparison.Ordinal),
            () => $"they are announced as the last resort\n{lab.Describe()}");
    }

    private async Task<(int Agent, string[] Others)> BeginAsync()
    {
        await lab.AllAnnounceAsync();
        await lab.Queries.BeginAsync();
        int agent = (await lab.Network.LeadsToAsync())!.Value;
        return (agent, [.. Enumerable.Range(0, 3).Where(i => i != agent).Select(AgentCluster.NameOf)]);
    }

    private async Task GoesOnAsync(string what)
    {
        await lab.Queries.GoesOnAsync();
        await lab.ChangesGoOnAsync();
        string silence = lab.Queries.LongestSilence.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture);
        output.WriteLine($"{what}: no answer for {silence} s at most, {lab.Queries.Unanswered} queries unanswered");
    }
}
