using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Agent.Dns.Wire;

namespace Agent.Backends.Shared;

/// <summary>
/// The name of a zone's file: the zone's name in lower case without the final dot, every octet other than letters, digits, <c>-</c> and
/// <c>_</c> as <c>%XX</c>, dots only between labels, then <c>.zone</c>. Two zones never share a file name, and none leaves its folder or
/// begins with a dot. The root zone's is <c>@.zone</c>, which no other zone can have.
/// </summary>
public static class ZoneFileName
{
    /// <summary>What every name ends with.</summary>
    public const string Extension = ".zone";

    /// <summary>The most octets of a file name on the file systems in use.</summary>
    public const int LengthMax = 255;

    private const char RootName = '@';

    /// <summary>False when the file system has no room for the name; then the driver cannot serve the zone.</summary>
    public static bool TryCreate(DomainName zone, [NotNullWhen(true)] out string? fileName)
    {
        StringBuilder name = new();
        ReadOnlySpan<byte> wire = zone.Wire;
        for (int at = 0; wire[at] != 0; at += wire[at] + 1)
        {
            if (at > 0)
                name.Append('.');
            foreach (byte octet in wire.Slice(at + 1, wire[at]))
                AppendOctet(name, octet);
        }

        if (name.Length == 0)
            name.Append(RootName);
        name.Append(Extension);
        fileName = name.Length <= LengthMax ? name.ToString() : null;
        return fileName is not null;
    }

    /// <summary>The zone whose file has this name; false when no zone's has, spelt otherwise for instance.</summary>
    public static bool TryRead(string fileName, [NotNullWhen(true)] out DomainName? zone)
    {
        zone = null;
        if (!fileName.EndsWith(Extension, StringComparison.Ordinal))
            return false;
        string name = fileName[..^Extension.Length];
        StringBuilder text = new();
        for (int at = 0; at < name.Length; at++)
        {
            if (name[at] != '%')
            {
                text.Append(name[at]);
                continue;
            }

            if (!byte.TryParse(name.AsSpan(at + 1, Math.Min(2, name.Length - at - 1)), NumberStyles.HexNumber, null, out byte octet))
                return false;
            text.Append('\\').Append(octet.ToString("D3", CultureInfo.InvariantCulture));
            at += 2;
        }

        string wanted = name == RootName.ToString() ? "." : text.ToString();
        return DomainName.TryParse(wanted, out zone) && TryCreate(zone, out string? same) && same == fileName;
    }

    private static void AppendOctet(StringBuilder name, byte octet)
    {
        char character = char.ToLowerInvariant((char)octet);
        if (char.IsAsciiLetterOrDigit(character) || character is '-' or '_')
            name.Append(character);
        else
            name.Append('%').Append(octet.ToString("X2"));
    }
}
