using System.Net.Http.Json;

namespace Agent.Bench.Provision;

/// <summary>In bulk: request after request to the HTTP API, by a client that keeps its connection if the server does.</summary>
public sealed class PowerDnsApiProvision : PowerDnsProvision
{
    private SmallZone? _content;

    public override string Driver => "powerdns-api";

    public override string BulkWay => "API, one after the other";

    public override string BulkAim => "at least 1.0";

    public override string TargetSettings => Pdns.ApiTargetSettingsBeside;

    public override Task PrepareAsync(IReadOnlyList<string> zones, SmallZone content)
    {
        _content = content;
        return base.PrepareAsync(zones, content);
    }

    // Without an empty soa_edit_api PowerDNS would count serials of its own.
    public override Task AddBulkAsync(IReadOnlyList<string> zones) => SendAsync(
        HttpMethod.Post,
        zones,
        _ => "?rrsets=false",
        zone => new
        {
            name = zone,
            kind = "Native",
            soa_edit_api = "",
            nameservers = Array.Empty<string>(),
            zone = File.ReadAllText(FileOf(zone)),
        });

    public override Task ChangeBulkAsync(IReadOnlyList<string> zones) => SendAsync(
        HttpMethod.Patch,
        zones,
        zone => $"/{zone}",
        zone => new
        {
            rrsets = (object[])
            [
                Rrset(zone, "SOA", 3600, _content!.SoaOf(zone)),
                Rrset($"{SmallZone.FirstHost}.{zone}", "A", 300, _content.FirstAddress),
            ],
        });

    private static object Rrset(string name, string type, int ttl, string content) =>
        new { name, type, ttl, changetype = "REPLACE", records = (object[])[new { content, disabled = false }] };

    private async Task SendAsync(
        HttpMethod method, IReadOnlyList<string> zones, Func<string, string> address, Func<string, object> body)
    {
        using SocketsHttpHandler handler = new() { UseProxy = false, MaxConnectionsPerServer = 1 };
        using HttpClient client = new(handler);
        client.DefaultRequestHeaders.Add("X-API-Key", Pdns.ApiKey);
        foreach (string zone in zones)
        {
            using HttpRequestMessage request = new(method, new Uri(Pdns.Api, $"/api/v1/servers/localhost/zones{address(zone)}"));
            request.Content = JsonContent.Create(body(zone));
            // The server reads no body that comes in chunks.
            await request.Content.LoadIntoBufferAsync();
            using HttpResponseMessage response = await client.SendAsync(request);
            if (!response.IsSuccessStatusCode)
                throw new InvalidOperationException($"{zone}: {response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        }
    }
}
