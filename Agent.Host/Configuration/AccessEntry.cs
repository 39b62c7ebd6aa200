using System.Net;
using System.Net.Sockets;

namespace Agent.Host.Configuration;

public enum AccessEntryKind
{
    Any,
    Prefix,
    Key,
    Certificate,
}

/// <summary>One entry of an access list. A single address is a prefix of full length.</summary>
/// <param name="Port">The source port that the sender must have; 0 for any.</param>
/// <param name="KeyName">For <see cref="AccessEntryKind.Key"/>: the TSIG key that must have signed the message, from anywhere.</param>
/// <param name="TlsName">For <see cref="AccessEntryKind.Certificate"/>: the DNS name in the certificate that the client shows.</param>
public sealed record AccessEntry(
    AccessEntryKind Kind, IPNetwork Prefix = default, int Port = 0, string? KeyName = null, string? TlsName = null)
{
    private const string KeyPrefix = "key:";
    private const string TlsPrefix = "tls:";

    public bool IsLoopback => Kind == AccessEntryKind.Prefix && IPAddress.IsLoopback(Prefix.BaseAddress)
        && Prefix.PrefixLength >= (Prefix.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 8 : 128);

    /// <summary>Every host has what the entry gives, of one family of addresses at least.</summary>
    public bool IsEverybody => Kind == AccessEntryKind.Any || (Kind == AccessEntryKind.Prefix && Prefix.PrefixLength == 0);

    public static AccessEntry OfAddress(IPAddress address, int port = 0) =>
        new(AccessEntryKind.Prefix, new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128), port);

    public override string ToString() => Kind switch
    {
        AccessEntryKind.Any => "any",
        AccessEntryKind.Key => KeyPrefix + KeyName,
        AccessEntryKind.Certificate => TlsPrefix + TlsName,
        _ when Port != 0 => new HostEndpoint(Prefix.BaseAddress.ToString(), Port).ToString(),
        _ => Prefix.ToString(),
    };

    /// <param name="problem">What is wrong with the text when the result is null.</param>
    public static AccessEntry? Parse(string text, out string problem)
    {
        problem = $"'{text}' is no access list entry: an address, address:port, a prefix, \"key:NAME\", \"tls:NAME\" or \"any\" is needed";
        text = text.Trim();
        if (text == "any") return new AccessEntry(AccessEntryKind.Any);
        if (text.StartsWith(KeyPrefix, StringComparison.Ordinal))
        {
            return text.Length > KeyPrefix.Length ? new AccessEntry(AccessEntryKind.Key, KeyName: text[KeyPrefix.Length..].Trim()) : null;
        }

        if (text.StartsWith(TlsPrefix, StringComparison.Ordinal))
        {
            string name = text[TlsPrefix.Length..].Trim().TrimEnd('.');
            return name.Length > 0 ? new AccessEntry(AccessEntryKind.Certificate, TlsName: name) : null;
        }

        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash >= 0) return ParsePrefix(text[..slash].Trim('[', ']'), text[(slash + 1)..], ref problem);
        return HostEndpoint.Parse(text, defaultPort: 0) is { Address: { } address } endpoint
            ? OfAddress(Unmapped(address), endpoint.Port) : null;
    }

    private static AccessEntry? ParsePrefix(string addressText, string lengthText, ref string problem)
    {
        if (!HostEndpoint.IsAddressOrName(addressText) || !IPAddress.TryParse(addressText, out IPAddress? address)) return null;
        if (!HostEndpoint.TryParsePort(lengthText, out int length)) return null;
        if (length > (address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)) return null;
        // The framework drops surplus bits silently; whoever wrote them meant something else.
        if (IPNetwork.TryParse($"{address}/{length}", out IPNetwork prefix) && prefix.BaseAddress.Equals(address))
        {
            return new AccessEntry(AccessEntryKind.Prefix, prefix);
        }
        problem = $"'{addressText}/{lengthText}' has address bits beyond its length";
        return null;
    }

    private static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
