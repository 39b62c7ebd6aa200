using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Memory;

/// <summary>A collection of the whole managed memory of a running agent, so that what is left is what somebody refers to.</summary>
internal static class FullCollection
{
    // What a finalizer held goes with the second one.
    private const int Rounds = 2;

    /// <summary>Has it done, and returns what the agent counts after it.</summary>
    public static async Task<MetricsPage> OfAsync(AgentProcess agent)
    {
        MetricsPage page = await agent.MetricsAsync();
        for (int round = 0; round < Rounds; round++)
        {
            double before = page["dnsagent_collections_total"];
            await Eventually.HoldsAsync(
                () => DiagnosticPort.CollectAsync(agent.Process!.Id), () => "a collection of everything begins", TimeSpan.FromMinutes(1));
            await Eventually.HoldsAsync(
                async () => (page = await agent.MetricsAsync())["dnsagent_collections_total"] > before, () => "a collection of everything");
        }

        return page;
    }
}
