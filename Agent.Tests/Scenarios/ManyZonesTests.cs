using System.Globalization;
using Agent.Bench.Measure;
using Agent.Bench.Provision;

namespace Agent.Tests.Scenarios;

/// <summary>Many zones through their whole lives on the running agent and BIND, and nothing left of them.</summary>
[Trait("Category", "Peer")]
public sealed class ManyZonesTests
{
    [Fact]
    public async Task A_thousand_zones_are_created_changed_and_deleted_without_a_trace()
    {
        string[] names = [.. Enumerable.Range(0, 1000).Select(i => $"z{i.ToString(CultureInfo.InvariantCulture)}.many.invalid.")];
        BenchReport report = new("many zones");
        await using BindProvision server = new();
        await server.StartAsync();
        await using AgentLife life = await AgentLife.StartAsync(report, server, hosts: 5, inFlight: 64);

        await life.CreateAsync(names);
        await life.ChangeAsync(names);
        await life.DeleteAsync(names);

        await life.CheckNothingIsLeftAsync(names);
        Assert.Equal(1000, report.Of("bind9: agent", "CREATE to its answer", "ms").Count);
        Assert.Equal(1000, report.Of("bind9: agent", "DELETE to its answer", "ms").Count);
    }
}
