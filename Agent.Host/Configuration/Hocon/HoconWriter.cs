using System.Globalization;
using System.Text;

namespace Agent.Host.Configuration.Hocon;

/// <summary>Writes resolved values as HOCON that reads back equal.</summary>
public static class HoconWriter
{
    private const string Indent = "  ";

    /// <param name="hide">True for the path of a value that must not be shown; that it is empty may be.</param>
    /// <param name="withOrigin">Ends each line with the place that set the value, as a comment.</param>
    /// <param name="show">Gives what is shown of a text.</param>
    public static string Write(
        HoconObject root, Func<IReadOnlyList<string>, bool>? hide = null, bool withOrigin = false, Func<string, string>? show = null)
    {
        var output = new StringBuilder();
        var path = new List<string>();
        WriteMembers(root, depth: 0);
        return output.ToString();

        void WriteMembers(HoconObject parent, int depth)
        {
            foreach ((string key, HoconMember member) in parent.Members)
            {
                path.Add(key);
                output.Insert(output.Length, Indent, depth).Append(HoconPath.RenderKey(key));
                if (member.Value is HoconObject { Members.Count: > 0 } inner)
                {
                    output.Append(" {\n");
                    WriteMembers(inner, depth + 1);
                    output.Insert(output.Length, Indent, depth).Append("}\n");
                }
                else
                {
                    bool isHidden = member.Value is not HoconScalar { Text: "" } && hide?.Invoke(path) == true;
                    output.Append(" = ").Append(isHidden ? "\"(hidden)\"" : Inline(member.Value, show));
                    if (withOrigin) output.Append("  # ").Append(member.Value.Origin.ToString().ReplaceLineEndings(" "));
                    output.Append('\n');
                }

                path.RemoveAt(path.Count - 1);
            }
        }
    }

    /// <summary>The value on one line.</summary>
    /// <param name="show">Gives what is shown of a text.</param>
    public static string Inline(HoconNode node, Func<string, string>? show = null) => node switch
    {
        HoconArray array => "[" + string.Join(", ", array.Items.Select(item => Inline(item, show))) + "]",
        HoconObject { Members.Count: 0 } => "{ }",
        HoconObject inner =>
            "{ " + string.Join(", ", inner.Members.Select(m => $"{HoconPath.RenderKey(m.Key)} = {Inline(m.Value.Value, show)}")) + " }",
        HoconScalar scalar => IsBare(scalar) ? scalar.Text : Quote(show?.Invoke(scalar.Text) ?? scalar.Text),
        _ => throw new InvalidOperationException($"unknown node {node.GetType().Name}"),
    };

    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char character in text)
        {
            quoted.Append(character switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' or (>= '\u007f' and < '\u00a0') or '\u2028' or '\u2029' =>
                    "\\u" + ((int)character).ToString("x4", CultureInfo.InvariantCulture),
                _ => character.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }

    private static bool IsBare(HoconScalar scalar) => !scalar.IsQuoted && scalar.Text.Length > 0
        && (scalar.IsNull || scalar.Text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'));
}
