using System.Net;
using System.Text.Json;
using Agent.Actors.Backends;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.PowerDnsApi;

/// <summary>
/// Zones that PowerDNS transfers by itself. The driver makes them, or makes of a zone that is there what it shall be, and has PowerDNS
/// fetch the whole of it, whatever its serial: the API knows nothing less.
/// </summary>
internal sealed class SecondaryZones(PowerDnsApiClient api, TransferSource source)
{
    private const string Kind = "Slave";
    private const int DnsPort = 53;

    /// <summary>Has PowerDNS fetch a zone.</summary>
    /// <exception cref="BackendException">It cannot be told, or refuses.</exception>
    public async Task ApplyAsync(DomainName zone, CancellationToken cancellation)
    {
        ApiZone? found = await api.FindAsync(zone, cancellation);
        if (found is null && !await CreateAsync(zone, cancellation))
            found = await api.FindAsync(zone, cancellation);
        if (found is not null && !IsOurs(found))
            await api.SetAsync(zone, Body(static _ => { }), cancellation);
        if (found is { IsSerialEdited: true })
            await api.KeepSerialAsync(zone, cancellation);
        await api.RetrieveAsync(zone, cancellation);
    }

    /// <summary>Why PowerDNS does not serve what it has been told to fetch.</summary>
    public string NotFetched(DomainName zone, uint serial) =>
        $"PowerDNS has not transferred serial {serial} of {zone} from {source.Text}; unless it is busy with that, its log says why "
        + "(it transfers nothing without secondary=yes in pdns.conf)";

    /// <summary>In what a zone that is there is configured otherwise, as a sentence; null when it is not.</summary>
    public string? Difference(ApiZone zone) => IsOurs(zone)
        ? null
        : $"has the kind {zone.Kind}, masters [{string.Join(", ", zone.Primaries)}], keys [{string.Join(", ", zone.SecondaryKeys)}] "
            + $"instead of {Kind}, [{string.Join(", ", source.Primaries)}], [{string.Join(", ", Keys)}]";

    private bool IsOurs(ApiZone zone) => zone.IsSecondary
        && zone.Primaries.Select(AddressOf).SequenceEqual(source.Primaries)
        && zone.SecondaryKeys.Select(static key => key.TrimEnd('.')).SequenceEqual(Keys, StringComparer.OrdinalIgnoreCase);

    private string[] Keys => source.KeyName is { } key ? [key.TrimEnd('.')] : [];

    /// <summary>False when it is there already.</summary>
    private async Task<bool> CreateAsync(DomainName zone, CancellationToken cancellation)
    {
        ReadOnlyMemory<byte> body = Body(json =>
        {
            json.WriteString("name", ApiZoneId.TextOf(zone));
            json.WriteStartArray("nameservers");
            json.WriteEndArray();
            json.WriteString("soa_edit", "NONE");
        });
        try
        {
            return await api.CreateAsync(zone, body, cancellation);
        }
        catch (BackendException refused) when (refused.Outcome == OrderOutcome.Refused)
        {
            // PowerDNS keeps an empty zone when it refuses its key.
            await api.DeleteAsync(zone, cancellation);
            throw;
        }
    }

    private ReadOnlyMemory<byte> Body(Action<Utf8JsonWriter> writeMore)
    {
        using MemoryStream body = new();
        using (Utf8JsonWriter json = new(body))
        {
            json.WriteStartObject();
            writeMore(json);
            json.WriteString("kind", Kind);
            json.WriteStartArray("masters");
            foreach (IPEndPoint primary in source.Primaries)
                json.WriteStringValue(primary.ToString());
            json.WriteEndArray();
            json.WriteStartArray("slave_tsig_key_ids");
            foreach (string key in Keys)
                json.WriteStringValue(key + ".");
            json.WriteEndArray();
            json.WriteString("soa_edit_api", "");
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    private static IPEndPoint? AddressOf(string primary) =>
        IPEndPoint.TryParse(primary, out IPEndPoint? address) && address.Port == 0 ? new IPEndPoint(address.Address, DnsPort) : address;
}
