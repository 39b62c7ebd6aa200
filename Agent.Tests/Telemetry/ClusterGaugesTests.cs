using System.Diagnostics.Metrics;
using Agent.Actors.Cluster;
using Agent.Actors.Telemetry;
using Agent.Bench.Measure;
using Agent.Host.Telemetry;
using Agent.Tests.Cluster;

namespace Agent.Tests.Telemetry;

/// <summary>What monitoring is told of the cluster.</summary>
public sealed class ClusterGaugesTests
{
    [Fact]
    public void Members_shards_and_the_time_without_a_coordinator_follow_the_view()
    {
        using var meter = new Meter("cluster gauges");
        using var pages = new PrometheusExporter(meter.Name);
        using var counters = new PrometheusExporter(AgentMetrics.MeterName);
        TimeSpan now = TimeSpan.FromSeconds(100);
        bool holds = true;
        var gauges = new ClusterGauges(meter, "a", 4, () => holds, () => now);
        now += TimeSpan.FromSeconds(3);
        Assert.Equal(3, Page()["dnsagent_leaderless_seconds"]);
        Assert.Equal(4, Page()["dnsagent_shards{owner=\"none\"}"]);

        var views = new ClusterViews(4);
        views.Join("a").Join("b", state: MemberState.Leaving).Own(0, "a").Own(1, "a").Own(2, "b");
        views.Write(ClusterViews.Keys.Node("c"), new NodeRecord("c", [], []));
        views.Write(ClusterViews.Keys.Candidate(7), new CandidateRecord("a", ClusterViews.InstanceOf("a")));
        Show();
        MetricsPage page = Page();
        Assert.Equal((1, 1, 1), (Members("up"), Members("leaving"), Members("down")));
        Assert.Equal((2, 1, 1), (Shards("self"), Shards("other"), Shards("none")));
        Assert.Equal((0, 1), (page["dnsagent_leaderless_seconds"], page["dnsagent_lease_held"]));

        double before = Changes();
        holds = false;
        views.Write<CandidateRecord>(ClusterViews.Keys.Candidate(7), null).Disown(2);
        Show();
        now += TimeSpan.FromSeconds(2);
        views.Own(2, "a");
        Show();
        now += TimeSpan.FromSeconds(2);
        page = Page();
        Assert.Equal((4, 0), (page["dnsagent_leaderless_seconds"], page["dnsagent_lease_held"]));
        Assert.Equal((3, 0), (Shards("self"), Shards("other")));
        Assert.Equal(before + 1, Changes());

        MetricsPage Page() => new(pages.Text());
        double Members(string state) => Page()[$"dnsagent_cluster_members{{state=\"{state}\"}}"];
        double Shards(string owner) => Page()[$"dnsagent_shards{{owner=\"{owner}\"}}"];
        double Changes() => new MetricsPage(counters.Text())["dnsagent_shard_owner_changes_total"];
        void Show() => gauges.Tell(new ViewChanged(views.View));
    }
}
