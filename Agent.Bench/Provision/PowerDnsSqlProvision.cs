using System.Globalization;
using System.Text;

namespace Agent.Bench.Provision;

/// <summary>In bulk: all rows in one transaction by SQLite's own tool, then one look of the server for new zones.</summary>
public sealed class PowerDnsSqlProvision : PowerDnsProvision
{
    private int _lastId;
    private SmallZone? _content;

    public override string Driver => "powerdns-sql";

    public override string BulkWay => "sqlite3, one transaction";

    public override string TargetSettings => Pdns.SqlTargetSettings;

    public override Task PrepareAsync(IReadOnlyList<string> zones, SmallZone content)
    {
        _content = content;
        return base.PrepareAsync(zones, content);
    }

    public override Task AddBulkAsync(IReadOnlyList<string> zones) => RunAsync(zones, AppendNew);

    public override Task ChangeBulkAsync(IReadOnlyList<string> zones) => RunAsync(zones, AppendChange);

    private Task RunAsync(IReadOnlyList<string> zones, Action<StringBuilder, string> append)
    {
        StringBuilder script = new("BEGIN;\n");
        foreach (string zone in zones) append(script, zone.TrimEnd('.'));
        return Pdns.SqlScriptAsync(script.Append("COMMIT;\n").ToString());
    }

    private void AppendNew(StringBuilder script, string zone)
    {
        string id = (++_lastId).ToString(CultureInfo.InvariantCulture);
        script.Append(CultureInfo.InvariantCulture, $"INSERT INTO domains (id, name, type) VALUES ({id}, '{zone}', 'NATIVE');\n");
        script.Append("INSERT INTO records (domain_id, name, type, content, ttl, auth) VALUES\n");
        IEnumerable<string> rows =
        [
            Row(zone, "SOA", _content!.SoaOf(zone)),
            Row(zone, "NS", $"ns1.{zone}"),
            Row($"ns1.{zone}", "A", "127.0.0.1"),
            .. _content.HostAddresses.Select(host => Row($"{host.Name}.{zone}", "A", host.Address)),
        ];
        script.AppendJoin(",\n", rows).Append(";\n");

        string Row(string name, string type, string content) => $"({id}, '{name}', '{type}', '{content}', 3600, 1)";
    }

    private void AppendChange(StringBuilder script, string zone)
    {
        AppendUpdate(zone, "SOA", _content!.SoaOf(zone));
        AppendUpdate($"{SmallZone.FirstHost}.{zone}", "A", _content.FirstAddress);

        void AppendUpdate(string name, string type, string content) => script.Append(
            CultureInfo.InvariantCulture, $"UPDATE records SET content = '{content}' WHERE name = '{name}' AND type = '{type}';\n");
    }
}
