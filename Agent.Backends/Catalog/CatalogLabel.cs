using System.Buffers.Binary;
using System.Security.Cryptography;
using Agent.Dns.Wire;

namespace Agent.Backends.Catalog;

/// <summary>The label below <c>zones</c> that stands for a member.</summary>
/// <remarks>
/// A zone has the same label whenever it is added, so that a catalog that has to be made anew says nothing new about it. Only a zone that
/// consumers have to begin anew with gets another one (RFC 9432 section 5.4): it is made of the catalog's serial, too.
/// </remarks>
internal static class CatalogLabel
{
    private const int DigestOctets = 16;

    /// <summary>The usual label.</summary>
    public static string Of(DomainName zone) => Text(zone.Fold().Wire.ToArray());

    /// <summary>A label that the zone has not had before.</summary>
    public static string Fresh(DomainName zone, uint serial)
    {
        byte[] octets = [.. zone.Fold().Wire, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32BigEndian(octets.AsSpan(^sizeof(uint)..), serial);
        return Text(octets);
    }

    private static string Text(byte[] octets) => Convert.ToHexStringLower(SHA256.HashData(octets).AsSpan(0, DigestOctets));
}
