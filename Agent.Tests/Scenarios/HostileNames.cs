using System.Globalization;
using System.Text;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>
/// A zone name that tries to be something else: part of a path, a command, a statement, a page. Each is legal on the wire, so each is
/// either served as what it is or refused with a reason.
/// </summary>
/// <param name="What">What it tries.</param>
/// <param name="Wire">The name.</param>
internal sealed record HostileName(string What, byte[] Wire)
{
    private const int LabelBytesMax = 63;
    private const int NameBytesMax = 255;

    /// <summary>Every octet escaped: no reader can take it for anything else.</summary>
    public string Text { get; } = EscapedText(Wire);

    public static IReadOnlyList<HostileName> All { get; } =
    [
        .. Labels().Select(item => new HostileName(item.What, Below(Encoding.Latin1.GetBytes(item.Label)))),
        .. Wholes(),
        new("63 octets of slashes", Below(Enumerable.Repeat((byte)'/', LabelBytesMax).ToArray())),
        new("255 octets", Long(NameBytesMax, (byte)'a')),
        new("one octet more than a file name has room for", Long(253, (byte)'b')),
        new("one octet more than BIND's journal has room for", Long(249, (byte)'d')),
        new("just as long as the name of BIND's journal may be", Long(248, (byte)'e')),
        new("just as long as a file name may be", Long(252, (byte)'c')),
        new("255 octets, all of them to be escaped", Long(NameBytesMax, 0)),
    ];

    /// <summary>Two spellings of one name each.</summary>
    public static IReadOnlyList<(string First, string Second)> SameZones { get; } =
        [("same.example.", "SAME.Example."), (@"plain.example.", @"\112\108\097\105\110.example."), (@"a\/b.example.", "A/b.example.")];

    /// <summary>Names that are different zones, though something careless takes them for one.</summary>
    public static IReadOnlyList<string> DifferentZones { get; } =
    [
        "a/b.differ.example.", "a%2Fb.differ.example.", "a%252Fb.differ.example.", @"a\.b.differ.example.", "a.b.differ.example.",
        @"a\047b.x.differ.example.", @"a\000b.differ.example.", "ab.differ.example.", "a_b.differ.example.", "a-b.differ.example.",
    ];

    private static IEnumerable<(string What, string Label)> Labels()
    {
        yield return ("a parent folder", "../../escape");
        yield return ("an absolute path", "/etc/passwd");
        yield return ("one dot", ".");
        yield return ("two dots", "..");
        yield return ("a hidden file", ".hidden");
        yield return ("a folder", "folder/");
        yield return ("percent escapes of a path", "%2e%2e%2f");
        yield return ("a format string", "%s%n%x%d");
        yield return ("the end of a C string", "nul\0.zone");
        yield return ("a line feed", "a\nb");
        yield return ("a carriage return", "a\rb");
        yield return ("a forged log line", "x\ntime=0 level=info event=forged");
        yield return ("a double quote", "a\"b");
        yield return ("a single quote", "a'b");
        yield return ("a zone statement", "x\" IN { type primary; file \"/tmp/pwned\"; }; #");
        yield return ("a brace", "}");
        yield return ("an open brace", "{");
        yield return ("a semicolon", "a;b");
        yield return ("a comment", "a//b /*c");
        yield return ("a backslash", "a\\b");
        yield return ("a backslash at the end", "a\\");
        yield return ("an escape that escapes", "a\\\\\"b");
        yield return ("$INCLUDE", "$INCLUDE /etc/passwd");
        yield return ("$ORIGIN", "$ORIGIN evil.");
        yield return ("$GENERATE", "$GENERATE 1-9 a$ A");
        yield return ("parentheses", "( ) ( )");
        yield return ("a wildcard", "*");
        yield return ("the origin", "@");
        yield return ("a space", "a b");
        yield return ("only a space", " ");
        yield return ("a tab", "a\tb");
        yield return ("8-bit octets", "\u0080\u00FF\u00FE");
        yield return ("UTF-8", "\u00C3\u00BC");
        yield return ("half a UTF-8 sequence", "\u00C3(");
        yield return ("SQL that ends a text", "'; DROP TABLE zones; --");
        yield return ("SQL that is always true", "' OR 1=1 --");
        yield return ("a SQL parameter", "@name:p ?1 $1");
        yield return ("a script", "<script>alert(1)</script>");
        yield return ("an image that runs", "<img src=x onerror=alert(1)>");
        yield return ("an entity", "&lt;&#60;&amp;");
        yield return ("terminal commands", "\u001B[2J\u001B]0;pwned\u0007");
        yield return ("8-bit terminal commands", "\u009B31m\u009D");
        yield return ("a backspace", "safe\b\b\b\bevil\u007F");
        yield return ("terminal markup", "[red]x[/] [[link]]");
        yield return ("a shell command", "$(touch pwned)`touch pwned`|touch pwned");
        yield return ("an option", "-rf");
        yield return ("a long option", "--help");
        yield return ("a placeholder", "{zone}{file}");
        yield return ("a zone file's name", "a.zone");
        yield return ("our temporary files", ".agent-0.tmp");
        yield return ("an underscore", "_tcp");
        yield return ("IDNA", "xn--bcher-kva");
        yield return ("IDNA that is none", "xn--\u00FF");
        yield return ("63 letters", new string('l', LabelBytesMax));
        yield return ("JSON", "\",\"name\":\"x");
        yield return ("a path of the interface", "zones/x/refresh?limit=1#");
    }

    private static IEnumerable<HostileName> Wholes()
    {
        yield return new("the root", [0]);
        yield return new("a single label", DnsTestMessage.EncodeName("hostile."));
        yield return new("a single label that is a dot", [1, (byte)'.', 0]);
        yield return new("the file name of the root", [1, (byte)'@', 0]);
        yield return new("RFC 2317", DnsTestMessage.EncodeName("0/25.2.0.192.in-addr.arpa."));
        yield return new("many labels", [.. Enumerable.Repeat<byte[]>([1, (byte)'/'], 120).SelectMany(label => label), 0]);
    }

    private static byte[] Below(byte[] label) => [(byte)label.Length, .. label, .. DnsTestMessage.EncodeName("hostile.example.")];

    /// <summary>A name of exactly so many octets, root label included; labels of at most 63.</summary>
    private static byte[] Long(int octets, byte value)
    {
        List<byte> wire = [];
        for (int rest = octets - 1; rest > 0;)
        {
            // A label of one octet less where otherwise a length alone would be left.
            int label = Math.Min(rest - 1, rest == LabelBytesMax + 2 ? LabelBytesMax - 1 : LabelBytesMax);
            wire.Add((byte)label);
            wire.AddRange(Enumerable.Repeat(value, label));
            rest -= label + 1;
        }

        return [.. wire, 0];
    }

    private static string EscapedText(byte[] wire)
    {
        if (wire.Length == 1)
            return ".";
        StringBuilder text = new();
        for (int at = 0; wire[at] != 0; at += wire[at] + 1)
        {
            foreach (byte octet in wire.AsSpan(at + 1, wire[at]))
                text.Append(CultureInfo.InvariantCulture, $"\\{octet:D3}");
            text.Append('.');
        }

        return text.ToString();
    }
}
