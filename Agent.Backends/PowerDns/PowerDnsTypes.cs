using System.Text;
using Agent.Actors.Backends;
using Agent.Dns.Records;
using Agent.Dns.Wire;

namespace Agent.Backends.PowerDns;

/// <summary>
/// What PowerDNS makes of types. Some of it is not data to it: a record of its own types ALIAS and LUA is an order, to look something up or
/// to run a program, which must not come from a master.
/// </summary>
internal static class PowerDnsTypes
{
    private const RecordType Alias = (RecordType)65401;
    private const RecordType Lua = (RecordType)65402;

    private const string Signed =
        "the zone is signed by its master, which the API cannot tell PowerDNS (PRESIGNED): take style = secondary, or powerdns-sql";

    // A name that nobody else has for the type.
    private const RecordType Address = (RecordType)65400;
    private const string AddressName = "ADDR";

    /// <summary>Why DNSKEY, CDS and CDNSKEY are nothing for a zone that its master has not signed.</summary>
    public const string OwnKeys = "PowerDNS answers for the type from its own keys and not from the zone";

    /// <summary>What is no data to it.</summary>
    public static ZoneLimits Limits { get; } = new()
    {
        Types =
        [
            new TypeLimit(Alias, "PowerDNS takes the type for its ALIAS and answers with what it looks up"),
            new TypeLimit(Lua, "PowerDNS takes the type for its LUA and would run the data as a program"),
        ],
    };

    /// <summary>The same of zones that PowerDNS cannot be told to be signed already.</summary>
    public static ZoneLimits LimitsUnsigned { get; } = new()
    {
        Types =
        [
            new TypeLimit(RecordType.RRSIG, Signed),
            new TypeLimit(RecordType.NSEC, Signed),
            new TypeLimit(RecordType.NSEC3, Signed),
            new TypeLimit(RecordType.NSEC3PARAM, Signed),
            new TypeLimit(RecordType.DNSKEY, OwnKeys),
            new TypeLimit(RecordType.CDS, OwnKeys),
            new TypeLimit(RecordType.CDNSKEY, OwnKeys),
            .. Limits.Types,
        ],
    };

    /// <summary>The type as PowerDNS 4.7 writes it; by number where it has no name for it.</summary>
    public static string NameOf(RecordType type) =>
        RdataTextStyle.PowerDns47.IsGeneric(type) ? $"TYPE{(ushort)type}" : RecordTypeText.ToText(type);

    /// <summary>Reads a type as PowerDNS writes it.</summary>
    public static bool TryParse(string text, out RecordType type)
    {
        if (text != AddressName)
            return RecordTypeText.TryParse(Encoding.UTF8.GetBytes(text), out type);
        type = Address;
        return true;
    }
}
