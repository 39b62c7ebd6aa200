using System.Globalization;
using System.Security.Cryptography;
using Agent.Dns.Wire;

namespace Agent.Backends.PowerDnsSql;

/// <summary>How a zone proves what is not there, as its metadata says: by NSEC, by NSEC3, or not at all.</summary>
/// <param name="IsSigned">PowerDNS has an active key for the zone, or the master has signed it.</param>
/// <param name="Salt">In lower case hexadecimal digits; null: by NSEC.</param>
/// <param name="Iterations">Of the hash.</param>
/// <param name="IsOptOut">Delegations without DS have no place in the order.</param>
/// <param name="IsNarrow">PowerDNS makes the names around the asked one itself and needs no order.</param>
internal sealed record DenialOrder(bool IsSigned, string? Salt, int Iterations, bool IsOptOut, bool IsNarrow)
{
    /// <summary>Of a zone without keys.</summary>
    public static DenialOrder None { get; } = new(IsSigned: false, Salt: null, 0, IsOptOut: false, IsNarrow: false);

    /// <summary>Of a zone that PowerDNS signs.</summary>
    /// <param name="parameters">NSEC3PARAM in its text form; null: NSEC.</param>
    /// <param name="isNarrow">Metadata NSEC3NARROW.</param>
    /// <returns>Null if the parameters cannot be read.</returns>
    public static DenialOrder? Read(string? parameters, bool isNarrow)
    {
        if (string.IsNullOrWhiteSpace(parameters))
            return new DenialOrder(IsSigned: true, Salt: null, 0, IsOptOut: false, IsNarrow: false);
        string[] words = parameters.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length != 4 || words[0] != "1" || !byte.TryParse(words[1], CultureInfo.InvariantCulture, out byte flags)
            || !ushort.TryParse(words[2], CultureInfo.InvariantCulture, out ushort iterations))
            return null;
        try
        {
            string salt = words[3] == "-" ? "" : Convert.ToHexStringLower(Convert.FromHexString(words[3]));
            return new DenialOrder(IsSigned: true, salt, iterations, (flags & 1) != 0, isNarrow);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>The master has signed the zone, and PowerDNS does not.</summary>
    public bool IsByMaster { get; init; }

    /// <summary>By NSEC3.</summary>
    public bool IsHashed => Salt is not null;

    /// <summary>The metadata NSEC3PARAM; null where denials are not by NSEC3.</summary>
    public string? Parameters => Salt is null ? null
        : string.Create(CultureInfo.InvariantCulture, $"1 {(IsOptOut ? 1 : 0)} {Iterations} {(Salt.Length == 0 ? "-" : Salt)}");

    /// <summary>The hash of a name in base32hex (RFC 5155 section 5).</summary>
    public string HashOf(ReadOnlySpan<byte> name)
    {
        byte[] folded = name.ToArray();
        NameBytes.Fold(folded);
        byte[] salt = Convert.FromHexString(Salt!);
        byte[] digest = Sha1([.. folded, .. salt]);
        for (int i = 0; i < Iterations; i++)
            digest = Sha1([.. digest, .. salt]);
        return Base32Hex(digest);
    }

    private static byte[] Sha1(byte[] octets) =>
#pragma warning disable CA5350 // The one algorithm that RFC 5155 has.
        SHA1.HashData(octets);
#pragma warning restore CA5350

    /// <summary>In lower case and without padding, as the tables have hashes.</summary>
    public static string Base32Hex(ReadOnlySpan<byte> digest)
    {
        const string Digits = "0123456789abcdefghijklmnopqrstuv";
        return string.Create(digest.Length * 8 / 5, digest.ToArray(), static (text, octets) =>
        {
            for (int i = 0; i < text.Length; i++)
            {
                int bit = i * 5;
                int pair = (octets[bit / 8] << 8) | (bit / 8 + 1 < octets.Length ? octets[bit / 8 + 1] : 0);
                text[i] = Digits[(pair >> (11 - bit % 8)) & 31];
            }
        });
    }
}
