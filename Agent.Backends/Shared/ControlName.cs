using System.Text;
using Agent.Dns.Wire;

namespace Agent.Backends.Shared;

/// <summary>
/// A zone's name as text for control channels and commands: lower case, letters, digits, <c>-</c> and <c>_</c> as they are, every
/// other octet as
/// <c>\DDD</c> (RFC 1035 section 5.1). So it holds no space, quote, semicolon, brace, newline or NUL that could end a word or begin
/// another one; and a
/// <c>-</c> at the very start is escaped too, so that nobody takes the name for an option.
/// </summary>
public static class ControlName
{
    /// <summary>With the final dot; the root zone is a dot alone.</summary>
    public static string Absolute(DomainName zone)
    {
        string name = WithoutFinalDot(zone);
        return name == "." ? name : name + ".";
    }

    /// <summary>Without the final dot; the root zone is a dot alone.</summary>
    public static string WithoutFinalDot(DomainName zone)
    {
        StringBuilder name = new();
        ReadOnlySpan<byte> wire = zone.Wire;
        for (int at = 0; wire[at] != 0; at += wire[at] + 1)
        {
            if (at > 0)
                name.Append('.');
            foreach (byte octet in wire.Slice(at + 1, wire[at]))
            {
                char character = char.ToLowerInvariant((char)octet);
                bool isPlain = char.IsAsciiLetterOrDigit(character) || character == '_' || (character == '-' && name.Length > 0);
                if (isPlain)
                    name.Append(character);
                else
                    name.Append('\\').Append(octet.ToString("D3"));
            }
        }

        return name.Length == 0 ? "." : name.ToString();
    }
}
