using System.Text;
using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Deploy;

public sealed class GrafanaTests
{
    [Theory]
    [InlineData("grafana/dashboard.json")]
    [InlineData("grafana/alerts.yml")]
    [InlineData("grafana/alerts-test.yml")]
    public void Every_metric_named_is_one_that_the_product_has(string file)
    {
        string text = DeployFiles.Text(file);
        Assert.Contains("dnsagent_", text, StringComparison.Ordinal);
        Assert.Empty(DeployFiles.UnknownMetrics(text));
    }

    [Fact]
    public void The_comparison_finds_a_metric_that_nobody_exports() =>
        Assert.Equal(
            ["dnsagent_zonez"], DeployFiles.UnknownMetrics("dnsagent_zonez + dnsagent_zones + dnsagent_journal_append_seconds_bucket"));

    [Fact]
    public void Every_alert_names_a_page_of_the_runbook_that_exists()
    {
        string[] pages = [.. DeployFiles.Text("grafana/alerts.yml").Split('\n').Select(line => line.Trim())
            .Where(line => line.StartsWith("runbook: deploy/", StringComparison.Ordinal))
            .Select(line => line["runbook: deploy/".Length..])];
        Assert.NotEmpty(pages);
        Assert.All(pages, page => Assert.True(File.Exists(DeployFiles.PathOf(page)), page));
    }

    [Fact]
    public void The_dashboard_has_its_parts_where_Grafana_looks_for_them()
    {
        using JsonDocument dashboard = JsonDocument.Parse(DeployFiles.Text("grafana/dashboard.json"));
        JsonElement[] panels = [.. dashboard.RootElement.GetProperty("panels").EnumerateArray()];
        Assert.Equal(panels.Length, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        Assert.All(panels, panel => Assert.Equal("${datasource}", panel.GetProperty("datasource").GetProperty("uid").GetString()));
        Assert.Equal(
            ["datasource", "instance"],
            dashboard.RootElement.GetProperty("templating").GetProperty("list").EnumerateArray()
                .Select(variable => variable.GetProperty("name").GetString()));
    }

    [Fact]
    [Trait("Category", "Peer")]
    public async Task Prometheus_understands_rules_and_panels()
    {
        (await Tool.RunAsync("promtool", ["check", "rules", DeployFiles.PathOf("grafana/alerts.yml")])).EnsureSuccess();
        (await Tool.RunAsync("promtool", ["test", "rules", DeployFiles.PathOf("grafana/alerts-test.yml")])).EnsureSuccess();
        using TemporaryFolder folder = new("panels");
        using JsonDocument dashboard = JsonDocument.Parse(DeployFiles.Text("grafana/dashboard.json"));
        var rules = new StringBuilder("groups: [{ name: panels, rules: [");
        foreach (JsonElement target in dashboard.RootElement.GetProperty("panels").EnumerateArray()
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray()))
        {
            string expression = target.GetProperty("expr").GetString()!.Replace("$instance", ".*", StringComparison.Ordinal);
            rules.Append("{ record: panel, labels: { n: \"").Append(rules.Length).Append("\" }, expr: ")
                .Append(JsonSerializer.Serialize(expression)).Append(" },");
        }

        string file = folder.Combine("panels.yml");
        await File.WriteAllTextAsync(file, rules.Append("] }]").ToString());
        (await Tool.RunAsync("promtool", ["check", "rules", file])).EnsureSuccess();
    }
}
