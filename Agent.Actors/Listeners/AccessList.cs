using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Agent.Dns.Net;
using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>Who may do something: addresses, addresses with port, prefixes, TSIG keys, names in certificates, or anybody.</summary>
/// <remarks>
/// Immutable. A look-up costs one hash probe per prefix length in use, however many entries there are. IPv4 clients are matched as
/// IPv4 however they came; an IPv6 prefix, however short, never matches one.
/// </remarks>
public sealed class AccessList
{
    private const string KeyMark = "key:";
    private const string TlsMark = "tls:";
    private const int MappedBits = 96;

    private readonly bool _any;
    private readonly FrozenSet<NetworkEndpoint> _withPort;
    private readonly PrefixSet[] _ipv4;
    private readonly PrefixSet[] _ipv6;
    private readonly FrozenSet<DomainName> _keys;
    private readonly FrozenSet<string> _tlsNames;

    private AccessList(
        bool any,
        IEnumerable<NetworkEndpoint> withPort,
        IEnumerable<Prefix> prefixes,
        IEnumerable<DomainName> keys,
        IEnumerable<string> tlsNames)
    {
        _any = any;
        _withPort = withPort.ToFrozenSet();
        _keys = keys.ToFrozenSet();
        _tlsNames = tlsNames.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        ILookup<bool, Prefix> byFamily = prefixes.ToLookup(prefix => prefix.IsIPv4);
        _ipv4 = Group(byFamily[true]);
        _ipv6 = Group(byFamily[false]);
    }

    /// <summary>Nobody.</summary>
    public static AccessList None { get; } = new(false, [], [], [], []);

    /// <summary>Everybody.</summary>
    public static AccessList Any { get; } = new(true, [], [], [], []);

    /// <summary>Whether everybody is allowed.</summary>
    public bool AllowsAny => _any;

    /// <summary>Whether a key could open what the address does not.</summary>
    public bool HasKeys => _keys.Count > 0;

    /// <summary>Whether nobody is allowed.</summary>
    public bool IsEmpty => !_any && _withPort.Count + _ipv4.Length + _ipv6.Length + _keys.Count + _tlsNames.Count == 0;

    /// <summary>
    /// Reads entries: <c>any</c>, <c>192.0.2.1</c>, <c>192.0.2.1:53</c>, <c>[2001:db8::1]:53</c>, <c>192.0.2.0/24</c>, <c>key:NAME</c>,
    /// <c>tls:NAME</c>.
    /// </summary>
    /// <param name="list">The list when the answer is true.</param>
    /// <param name="problem">Which entry is wrong and why, when the answer is false.</param>
    public static bool TryParse(
        IEnumerable<string> entries,
        [NotNullWhen(true)] out AccessList? list,
        [NotNullWhen(false)] out string? problem)
    {
        ArgumentNullException.ThrowIfNull(entries);
        bool any = false;
        var withPort = new HashSet<NetworkEndpoint>();
        var prefixes = new HashSet<Prefix>();
        var keys = new HashSet<DomainName>();
        var tlsNames = new List<string>();
        list = null;
        foreach (string entry in entries)
        {
            string text = entry.Trim();
            if (text.Equals("any", StringComparison.OrdinalIgnoreCase))
            {
                any = true;
            }
            else if (text.StartsWith(KeyMark, StringComparison.OrdinalIgnoreCase))
            {
                if (!DomainName.TryParse(text.AsSpan(KeyMark.Length).Trim(), out DomainName? key) || key.IsRoot)
                {
                    problem = $"'{text}' does not name a key";
                    return false;
                }
                keys.Add(key);
            }
            else if (text.StartsWith(TlsMark, StringComparison.OrdinalIgnoreCase))
            {
                string name = text[TlsMark.Length..].Trim().TrimEnd('.');
                if (name.Length == 0)
                {
                    problem = $"'{text}' does not name a certificate";
                    return false;
                }
                tlsNames.Add(name);
            }
            else if (text.Contains('/', StringComparison.Ordinal))
            {
                if (!TryParsePrefix(text, out Prefix prefix, out problem))
                {
                    return false;
                }
                prefixes.Add(prefix);
            }
            else if (!NetworkEndpoint.TryParse(text, 0, out NetworkEndpoint endpoint))
            {
                problem = $"'{text}' is not an address, an address with port, a prefix, key:NAME, tls:NAME or any";
                return false;
            }
            else if (endpoint.Port != 0)
            {
                withPort.Add(endpoint with { ScopeId = 0 });
            }
            else
            {
                prefixes.Add(new Prefix(endpoint.Address, 128, endpoint.IsIPv4));
            }
        }
        list = new AccessList(any, withPort, prefixes, keys, tlsNames);
        problem = null;
        return true;
    }

    /// <summary>Reads entries that are known to be right.</summary>
    /// <exception cref="FormatException">An entry is wrong.</exception>
    public static AccessList Parse(params IEnumerable<string> entries) =>
        TryParse(entries, out AccessList? list, out string? problem) ? list : throw new FormatException(problem);

    /// <summary>Whether the address alone is enough.</summary>
    public bool AllowsAddress(in NetworkEndpoint client)
    {
        if (_any)
        {
            return true;
        }
        foreach (PrefixSet set in client.IsIPv4 ? _ipv4 : _ipv6)
        {
            if (set.Networks.Contains(client.Address & set.Mask))
            {
                return true;
            }
        }
        return _withPort.Count > 0 && _withPort.Contains(client with { ScopeId = 0 });
    }

    /// <summary>Whether a key that has signed the request is enough.</summary>
    public bool AllowsKey(DomainName key) => _keys.Contains(key);

    /// <summary>Whether the certificate that a client has shown is enough.</summary>
    public bool AllowsCertificate(TlsClient? client)
    {
        if (client is null || _tlsNames.Count == 0)
        {
            return false;
        }
        foreach (string name in client.Names)
        {
            if (_tlsNames.Contains(name))
            {
                return true;
            }
        }
        return false;
    }

    private static bool TryParsePrefix(string text, out Prefix prefix, [NotNullWhen(false)] out string? problem)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        prefix = default;
        problem = $"'{text}' is not a prefix";
        if (!NetworkEndpoint.TryParse(text[..slash], 0, out NetworkEndpoint network) || network.Port != 0
            || !byte.TryParse(text.AsSpan(slash + 1), System.Globalization.NumberStyles.None, null, out byte bits))
        {
            return false;
        }
        // "::ffff:10.0.0.0/104" is written in IPv6 and means 10.0.0.0/8.
        bool writtenAsIPv4 = IPAddress.TryParse(text.AsSpan(0, slash), out IPAddress? written)
            && written.AddressFamily == AddressFamily.InterNetwork;
        int length = writtenAsIPv4 ? bits + MappedBits : bits;
        if (length > 128 || (network.IsIPv4 && length < MappedBits))
        {
            return false;
        }
        if ((network.Address & MaskOf(length)) != network.Address)
        {
            problem = $"'{text}' has bits set behind its prefix length";
            return false;
        }
        prefix = new Prefix(network.Address, length, network.IsIPv4);
        problem = null;
        return true;
    }

    private static PrefixSet[] Group(IEnumerable<Prefix> prefixes) =>
    [
        .. prefixes.GroupBy(prefix => prefix.Length)
            .OrderByDescending(group => group.Key)
            .Select(group => new PrefixSet(MaskOf(group.Key), group.Select(prefix => prefix.Network).ToFrozenSet())),
    ];

    private static UInt128 MaskOf(int length) => length == 0 ? UInt128.Zero : UInt128.MaxValue << (128 - length);

    private readonly record struct Prefix(UInt128 Network, int Length, bool IsIPv4);

    private sealed record PrefixSet(UInt128 Mask, FrozenSet<UInt128> Networks);
}
