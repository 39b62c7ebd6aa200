using System.Buffers.Binary;
using System.Security.Cryptography;
using Agent.Dns.Net;

namespace Agent.Dns.Cookies;

/// <summary>
/// The COOKIE option (RFC 7873) with the server cookie of RFC 9018: version, time and a hash over them, the client's cookie and its
/// address. Who knows the secret can check it, and no state is kept for a client.
/// </summary>
/// <remarks>
/// <code>
///   client cookie (8) | version 1 (1) | reserved (3) | seconds since 1970 (4) | SipHash-2-4 of all before and of the address (8)
/// </code>
/// </remarks>
public static class DnsCookie
{
    /// <summary>Octets of what a client chooses.</summary>
    public const int ClientBytes = 8;

    /// <summary>Octets of an option with both cookies.</summary>
    public const int OptionBytes = ClientBytes + HeadBytes + HashBytes;

    /// <summary>Octets of a secret.</summary>
    public const int SecretBytes = SipHash.KeyBytes;

    /// <summary>A cookie older than this is not good any more (RFC 9018 section 4.3).</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <summary>A good cookie younger than this is given back as it is.</summary>
    public static readonly TimeSpan RenewalAge = TimeSpan.FromMinutes(30);

    /// <summary>How far a cookie may come from the future: servers that share a secret need not have the same time.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    private const int HeadBytes = 8;
    private const int HashBytes = 8;
    private const int TimeOffset = ClientBytes + 4;
    private const int LengthMaximum = 40;
    private const int LengthMinimumWithServer = 16;
    private const byte Version = 1;
    private const int AddressBytes = 16;
    private const int AddressBytesOfIPv4 = 4;

    /// <summary>Whether an option can be a cookie at all; another length is a format error (RFC 7873 section 5.2.2).</summary>
    public static bool IsWellFormed(ReadOnlySpan<byte> option) =>
        option.Length is ClientBytes or (>= LengthMinimumWithServer and <= LengthMaximum);

    /// <summary>Writes an option with both cookies.</summary>
    /// <param name="client">The client's cookie.</param>
    /// <param name="address">Where the request came from; its port plays no part.</param>
    /// <param name="secret"><see cref="SecretBytes"/> octets.</param>
    /// <param name="unixSeconds">Now; wraps in 2106.</param>
    /// <param name="destination">Room for <see cref="OptionBytes"/> octets.</param>
    public static void Write(
        ReadOnlySpan<byte> client, in NetworkEndpoint address, ReadOnlySpan<byte> secret, uint unixSeconds, Span<byte> destination)
    {
        client[..ClientBytes].CopyTo(destination);
        destination[ClientBytes..TimeOffset].Clear();
        destination[ClientBytes] = Version;
        BinaryPrimitives.WriteUInt32BigEndian(destination[TimeOffset..], unixSeconds);
        WriteHash(destination[..(ClientBytes + HeadBytes)], address, secret, destination[(ClientBytes + HeadBytes)..]);
    }

    /// <summary>Whether the server cookie was made with this secret for this address and cookie of the client, whenever that was.</summary>
    public static bool IsMadeWith(ReadOnlySpan<byte> option, in NetworkEndpoint address, ReadOnlySpan<byte> secret)
    {
        if (option.Length != OptionBytes || option[ClientBytes] != Version) return false;
        Span<byte> hash = stackalloc byte[HashBytes];
        WriteHash(option[..(ClientBytes + HeadBytes)], address, secret, hash);
        return CryptographicOperations.FixedTimeEquals(hash, option[(ClientBytes + HeadBytes)..]);
    }

    /// <summary>How old a server cookie is, negative from the future, as serial numbers are compared (RFC 1982).</summary>
    public static TimeSpan AgeOf(ReadOnlySpan<byte> option, uint unixSeconds) =>
        TimeSpan.FromSeconds(unchecked((int)(unixSeconds - BinaryPrimitives.ReadUInt32BigEndian(option[TimeOffset..]))));

    private static void WriteHash(ReadOnlySpan<byte> head, in NetworkEndpoint address, ReadOnlySpan<byte> secret, Span<byte> destination)
    {
        Span<byte> input = stackalloc byte[ClientBytes + HeadBytes + AddressBytes];
        head.CopyTo(input);
        int length = head.Length;
        if (address.IsIPv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(input[length..], address.IPv4Bits);
            length += AddressBytesOfIPv4;
        }
        else
        {
            BinaryPrimitives.WriteUInt128BigEndian(input[length..], address.Address);
            length += AddressBytes;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(destination, SipHash.Compute(secret, input[..length]));
    }
}
