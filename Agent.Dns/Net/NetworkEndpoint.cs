using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Agent.Dns.Net;

/// <summary>An IP address and port as a value, so that a datagram's origin costs no allocation.</summary>
/// <remarks>
/// IPv4 is kept in its mapped form (<c>::ffff:a.b.c.d</c>). A client seen through a dual-stack socket and the same client seen
/// through an IPv4 socket are therefore equal, which is what access lists and rate limits need.
/// </remarks>
/// <param name="Address">The 128 address bits, first octet in the highest byte.</param>
/// <param name="Port">The port, 0 when only the address matters.</param>
/// <param name="ScopeId">The interface index of a link-local IPv6 address, else 0.</param>
public readonly record struct NetworkEndpoint(UInt128 Address, ushort Port, uint ScopeId = 0)
{
    private const ulong MappedLow = 0x0000_FFFF_0000_0000;

    /// <summary>Whether the address is IPv4.</summary>
    public bool IsIPv4 => (ulong)(Address >> 64) == 0 && ((ulong)Address & 0xFFFF_FFFF_0000_0000) == MappedLow;

    /// <summary>The IPv4 address as a number; meaningful only when <see cref="IsIPv4"/>.</summary>
    public uint IPv4Bits => (uint)Address;

    /// <summary>Whether the address is in 127.0.0.0/8 or is ::1.</summary>
    public bool IsLoopback => IsIPv4 ? IPv4Bits >> 24 == 127 : Address == UInt128.One;

    /// <summary>Whether the address is 0.0.0.0 or ::.</summary>
    public bool IsWildcard => IsIPv4 ? IPv4Bits == 0 : Address == UInt128.Zero;

    /// <summary>Whether the address is in fe80::/10, where the interface belongs to the address.</summary>
    public bool IsLinkLocal => (ulong)(Address >> 118) == 0xFE80 >> 6;

    /// <summary>The endpoint of an IPv4 address given as a number, first octet highest.</summary>
    public static NetworkEndpoint FromIPv4(uint bits, ushort port) => new(new UInt128(0, MappedLow | bits), port);

    /// <summary>The endpoint of sixteen address octets; a mapped IPv4 address becomes IPv4.</summary>
    public static NetworkEndpoint FromIPv6(ReadOnlySpan<byte> octets, ushort port, uint scopeId)
    {
        var endpoint = new NetworkEndpoint(BinaryPrimitives.ReadUInt128BigEndian(octets), port);
        return endpoint.IsLinkLocal ? endpoint with { ScopeId = scopeId } : endpoint;
    }

    /// <summary>Converts an address of the framework.</summary>
    public static NetworkEndpoint From(IPAddress address, int port)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> octets = stackalloc byte[16];
        address.TryWriteBytes(octets, out int written);
        return written == 4
            ? FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(octets), (ushort)port)
            : FromIPv6(octets, (ushort)port, (uint)address.ScopeId);
    }

    /// <summary>Converts an endpoint of the framework.</summary>
    public static NetworkEndpoint From(IPEndPoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        return From(endpoint.Address, endpoint.Port);
    }

    /// <summary>Reads <c>192.0.2.1</c>, <c>192.0.2.1:53</c>, <c>2001:db8::1</c>, <c>[2001:db8::1]</c> or <c>[2001:db8::1]:53</c>.</summary>
    /// <param name="text">The text; host names are not accepted.</param>
    /// <param name="defaultPort">The port when the text has none.</param>
    /// <param name="endpoint">The endpoint when the answer is true.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, ushort defaultPort, out NetworkEndpoint endpoint)
    {
        endpoint = default;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }
        ReadOnlySpan<char> host = text;
        ushort port = defaultPort;
        int colon = text.LastIndexOf(':');
        bool bracketed = text[0] == '[';
        if (bracketed ? text.Contains("]:", StringComparison.Ordinal) : colon >= 0 && text.IndexOf(':', StringComparison.Ordinal) == colon)
        {
            if (!ushort.TryParse(text.AsSpan(colon + 1), System.Globalization.NumberStyles.None, null, out port))
            {
                return false;
            }
            host = text.AsSpan(0, colon);
        }
        if (bracketed)
        {
            if (host.Length < 2 || host[^1] != ']')
            {
                return false;
            }
            host = host[1..^1];
        }
        // The framework reads "1" or "0x7f.1" as IPv4; only the four-part form is meant here.
        if (!IPAddress.TryParse(host, out IPAddress? address)
            || (address.AddressFamily == AddressFamily.InterNetwork && host.Count('.') != 3)
            || (bracketed && address.AddressFamily != AddressFamily.InterNetworkV6))
        {
            return false;
        }
        endpoint = From(address, port);
        return true;
    }

    /// <summary>The address as the framework writes it, IPv4 unmapped.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> octets = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(octets, Address);
        return IsIPv4 ? new IPAddress(octets[12..]) : new IPAddress(octets, ScopeId);
    }

    /// <summary>The endpoint as the framework writes it, IPv4 unmapped.</summary>
    public IPEndPoint ToIPEndPoint() => new(ToIPAddress(), Port);

    /// <inheritdoc/>
    public override string ToString() => ToIPEndPoint().ToString();
}
