using System.Globalization;
using System.Text;
using Agent.Dns.Wire;

namespace Agent.Backends.PowerDnsApi;

/// <summary>Names as the API wants them.</summary>
internal static class ApiZoneId
{
    /// <summary>The text of a name, with its final dot.</summary>
    public static string TextOf(DomainName name)
    {
        byte[] text = new byte[NameText.MaximumLength];
        return Encoding.ASCII.GetString(text, 0, NameText.Write(name.Wire, text, forMasterFile: false));
    }

    /// <summary>The part of a path that names a zone: what is not a letter, a digit, <c>.</c> or <c>-</c> goes as <c>=XX</c>.</summary>
    public static string Of(DomainName zone)
    {
        StringBuilder id = new();
        foreach (char character in TextOf(zone.Fold()))
        {
            bool isPlain = char.IsAsciiLetterOrDigit(character) || character is '-' || (character is '.' && !zone.IsRoot);
            if (isPlain)
                id.Append(character);
            else
                id.Append(CultureInfo.InvariantCulture, $"={(int)character:X2}");
        }

        return id.ToString();
    }
}
