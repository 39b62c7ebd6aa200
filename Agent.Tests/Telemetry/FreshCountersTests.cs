using Agent.Actors.Telemetry;
using Agent.Bench.Peers;
using Agent.Host.Etcd;
using Agent.Host.Nodes;
using Agent.Host.Telemetry;
using Agent.Tests.Deploy;

namespace Agent.Tests.Telemetry;

/// <summary>
/// An alarm on a counter that grows does not see the first event of a series that begins with it, so the series are there from the start.
/// </summary>
public sealed class FreshCountersTests
{
    /// <summary>Nodes of a cluster, agents with TLS or anycast have these; what was answered is known when there was an answer.</summary>
    private static readonly string[] Elsewhere =
        ["_etcd_", "_node_link_", "_routed_", "_shard_owner_", "_anycast_", "_tls_", "_requests_total"];

    [Fact]
    [Trait("Category", "Long")]
    public async Task A_fresh_agent_shows_every_counter()
    {
        await using AgentProcess agent = await AgentProcess.StartedAsync("backend-driver = embedded");

        string page = await agent.GetTextAsync("/metrics");

        string[] counters = [.. DeployFiles.Metrics.Where(name => name.EndsWith("_total", StringComparison.Ordinal)
            && !Elsewhere.Any(part => name.Contains(part, StringComparison.Ordinal)))];
        Assert.Contains("dnsagent_sql_errors_total", counters);
        Assert.All(counters, name => Assert.Contains($"\n# TYPE {name} counter\n", page, StringComparison.Ordinal));
        string[] zeros =
        [
            "dnsagent_pool_stalls_total", "dnsagent_sql_errors_total", "dnsagent_log_lines_dropped_total",
            "dnsagent_intake_shed_total{reason=\"descriptors\"}", "dnsagent_notify_received_total{result=\"accepted\"}",
            "dnsagent_control_total{op=\"create\",result=\"failed\"}", "dnsagent_guard_blocked_total{guard=\"guard-shrink\"}",
            "dnsagent_drift_detected_total{target=\"embedded\",kind=\"missing\"}",
            "dnsagent_xfr_total{type=\"axfr\",result=\"failed\",reason=\"refused\",transport=\"tcp\"}",
        ];
        Assert.All(zeros, series => Assert.Contains($"\n{series} 0\n", page, StringComparison.Ordinal));
    }

    [Fact]
    public void A_node_shows_what_only_nodes_count()
    {
        using var exporter = new PrometheusExporter(AgentMetrics.MeterName);
        ClusterMetrics.Begin();
        EtcdMetrics.Begin();
        NodeLinkMetrics.Begin();
        string page = exporter.Text();
        string[] begun =
        [
            "dnsagent_routed_messages_total{fate=\"expired\"}", "dnsagent_etcd_endpoint_failures_total",
            "dnsagent_etcd_requests_total{op=\"txn\",outcome=\"open\"}", "dnsagent_node_link_down_total",
        ];
        Assert.All(begun, series => Assert.Contains($"\n{series} ", page, StringComparison.Ordinal));
    }
}
