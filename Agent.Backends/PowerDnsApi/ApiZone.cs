using System.Text.Json;

namespace Agent.Backends.PowerDnsApi;

/// <summary>What the API says of a zone as a whole.</summary>
/// <param name="Kind">Native, Master, Slave, Producer or Consumer.</param>
/// <param name="Serial">Of its SOA in the database; 0 also when it has none.</param>
/// <param name="SoaEditApi">How a change by the API would change the serial; empty: not at all.</param>
/// <param name="IsRectified">Each change by the API keeps what DNSSEC and empty names need.</param>
/// <param name="IsSerialEdited">Another serial is served than its SOA has, or may be when the zone gets one.</param>
internal sealed record ApiZone(string Kind, uint Serial, string SoaEditApi, bool IsRectified, bool IsSerialEdited)
{
    /// <summary>PowerDNS transfers it.</summary>
    public bool IsSecondary => IsKindOfSecondary(Kind);

    /// <summary>From where it is transferred, as the server writes it.</summary>
    public IReadOnlyList<string> Primaries { get; private init; } = [];

    /// <summary>Names of the keys by which it is transferred.</summary>
    public IReadOnlyList<string> SecondaryKeys { get; private init; } = [];

    public static bool IsKindOfSecondary(string? kind) => kind is "Slave" or "Secondary";

    public static ApiZone Read(JsonElement zone) => new(
        zone.GetProperty("kind").GetString() ?? "",
        zone.GetProperty("serial").GetUInt32(),
        zone.GetProperty("soa_edit_api").GetString() ?? "",
        zone.GetProperty("api_rectify").GetBoolean(),
        zone.GetProperty("edited_serial").GetUInt32() != zone.GetProperty("serial").GetUInt32()
            || zone.GetProperty("soa_edit").GetString() is not ("" or "NONE"))
    {
        Primaries = TextsOf(zone, "masters"),
        SecondaryKeys = TextsOf(zone, "slave_tsig_key_ids"),
    };

    private static string[] TextsOf(JsonElement zone, string member) =>
        zone.TryGetProperty(member, out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(static one => one.GetString() ?? "")]
            : [];
}
