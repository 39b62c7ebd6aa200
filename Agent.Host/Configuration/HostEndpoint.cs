using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Agent.Host.Configuration;

/// <summary>A host, by address or name, and a port.</summary>
/// <param name="Host">Without brackets; a name is resolved when it is used, and may have several addresses.</param>
public sealed record HostEndpoint(string Host, int Port)
{
    /// <summary>Null when the host is a name.</summary>
    public IPAddress? Address { get; } = IPAddress.TryParse(Host, out IPAddress? address) ? address : null;

    /// <summary>Whether one host can answer there: a name, or an address that is neither of all hosts nor of a group.</summary>
    public bool IsOneHost => Address is not { } address || !(address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
        || address.Equals(IPAddress.Broadcast) || address.IsIPv6Multicast || IsIPv4Group(address));

    public EndPoint ToEndPoint() => Address is null ? new DnsEndPoint(Host, Port) : new IPEndPoint(Address, Port);

    public override string ToString() => Address?.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    /// <summary>
    /// Reads <c>192.0.2.1</c>, <c>192.0.2.1:53</c>, <c>2001:db8::1</c>, <c>[2001:db8::1]</c>, <c>[2001:db8::1]:53</c>, <c>name</c> and
    /// <c>name:53</c>. Null when the text is none of these.
    /// </summary>
    public static HostEndpoint? Parse(string text, int defaultPort)
    {
        text = text.Trim();
        if (text.StartsWith('['))
        {
            int close = text.IndexOf(']', StringComparison.Ordinal);
            if (close < 0 || !IPAddress.TryParse(text[1..close], out IPAddress? inBrackets)) return null;
            if (inBrackets.AddressFamily != AddressFamily.InterNetworkV6) return null;
            return WithPort(inBrackets.ToString(), text[(close + 1)..], defaultPort);
        }

        // More than one colon without brackets can only be an IPv6 address without a port.
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon != text.LastIndexOf(':'))
        {
            return IPAddress.TryParse(text, out IPAddress? bare) ? new HostEndpoint(bare.ToString(), defaultPort) : null;
        }
        string host = colon < 0 ? text : text[..colon];
        return IsAddressOrName(host) ? WithPort(host, colon < 0 ? "" : text[colon..], defaultPort) : null;
    }

    /// <summary>
    /// Four numbers with dots, an IPv6 address, or labels as host names have them. Short forms such as <c>127.1</c> are refused.
    /// </summary>
    public static bool IsAddressOrName(string host)
    {
        if (host.Contains(':', StringComparison.Ordinal)) return IPAddress.TryParse(host, out _);
        string[] labels = host.TrimEnd('.').Split('.');
        if (labels.All(label => label.Length > 0 && label.All(char.IsAsciiDigit)))
        {
            bool isPlain = labels.Length == 4 && labels.All(label => label.Length <= 3 && (label == "0" || label[0] != '0'));
            return isPlain && IPAddress.TryParse(host, out _);
        }

        return host.Length <= 253 && labels.All(IsLabel);
    }

    private static bool IsIPv4Group(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes()[0] is >= 224 and <= 239;

    private static bool IsLabel(string label) => label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-'
        && label.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_');

    private static HostEndpoint? WithPort(string host, string rest, int defaultPort)
    {
        if (rest.Length == 0) return new HostEndpoint(host, defaultPort);
        return rest[0] == ':' && TryParsePort(rest[1..], out int port) ? new HostEndpoint(host, port) : null;
    }

    public static bool TryParsePort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 0 and <= ushort.MaxValue;
}
