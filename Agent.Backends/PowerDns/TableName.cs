using System.Buffers;
using System.Globalization;
using System.Text;
using Agent.Dns.Wire;

namespace Agent.Backends.PowerDns;

/// <summary>Names as the tables have them and the control socket takes them: lower case, without final dot, with escapes only where
/// PowerDNS itself makes them.</summary>
internal static class TableName
{
    /// <summary>Of the columns for names.</summary>
    public const int LengthMax = 255;

    private static readonly SearchValues<byte> Answered =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*./@ \\:"u8);

    /// <summary>The text of a name; that of the root is a dot.</summary>
    public static string Of(ReadOnlySpan<byte> wire)
    {
        if (wire.Length == 1)
            return ".";
        StringBuilder text = new(wire.Length);
        for (int position = 0; wire[position] != 0; position += wire[position] + 1)
        {
            if (position > 0)
                text.Append('.');
            AppendLabel(wire.Slice(position + 1, wire[position]), text);
        }

        return text.ToString();
    }

    /// <summary>
    /// PowerDNS answers questions for the name. Of others it thinks that they are attacks, unless it is set to take all (8bit-dns).
    /// </summary>
    public static bool IsAnswered(DomainName name)
    {
        ReadOnlySpan<byte> wire = name.Wire;
        for (int position = 0; wire[position] != 0; position += wire[position] + 1)
        {
            if (wire.Slice(position + 1, wire[position]).ContainsAnyExcept(Answered))
                return false;
        }

        return true;
    }

    /// <summary>The labels of a name below an apex, outermost first, with spaces between: names in this form sort as DNSSEC wants
    /// it.</summary>
    public static string OrderOf(ReadOnlySpan<byte> wire, ReadOnlySpan<byte> apex)
    {
        List<string> labels = [];
        for (int position = 0; position < wire.Length - apex.Length; position += wire[position] + 1)
        {
            StringBuilder label = new();
            AppendLabel(wire.Slice(position + 1, wire[position]), label);
            labels.Add(label.ToString());
        }

        labels.Reverse();
        return string.Join(' ', labels);
    }

    private static void AppendLabel(ReadOnlySpan<byte> label, StringBuilder text)
    {
        foreach (byte octet in label)
        {
            byte folded = NameBytes.Fold(octet);
            if (folded is (byte)'.' or (byte)'\\')
                text.Append('\\').Append((char)folded);
            else if (folded is > (byte)' ' and < 127)
                text.Append((char)folded);
            else
                text.Append(CultureInfo.InvariantCulture, $"\\{folded:D3}");
        }
    }
}
