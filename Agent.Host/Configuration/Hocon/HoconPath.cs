using System.Text;

namespace Agent.Host.Configuration.Hocon;

/// <summary>Paths such as <c>a."b.c".d</c>: dots separate, quotes protect, white space inside an element counts.</summary>
internal static class HoconPath
{
    /// <summary>Reads up to the first character that cannot be part of a path; that one is left to the caller.</summary>
    public static List<string> Take(HoconCursor cursor)
    {
        var path = new List<string>();
        var element = new StringBuilder();
        bool hasElement = false;
        while (true)
        {
            string spaces = cursor.TakeSpaces();
            bool continues = cursor.Peek() == '"' || (cursor.AtUnquoted && cursor.Peek() != '.');
            if (continues)
            {
                if (hasElement) element.Append(spaces);
                element.Append(cursor.Peek() == '"' ? cursor.TakeQuoted() : cursor.TakeUnquoted(stopAtDot: true));
                hasElement = true;
                continue;
            }

            bool atDot = cursor.Peek() == '.';
            if (!hasElement)
            {
                throw cursor.Error(path.Count == 0 && !atDot
                    ? $"expected a key, found {Describe(cursor)}"
                    : "a path has an empty element: two dots, or a dot at its start or end (quote the key if the dot belongs to it)");
            }

            path.Add(element.ToString());
            if (path.Count > HoconParser.NestingMax) throw cursor.Error($"a path has more than {HoconParser.NestingMax} elements");
            if (!atDot) return path;
            cursor.Take();
            element.Clear();
            hasElement = false;
        }
    }

    /// <summary>Writes a path so that it can be read back.</summary>
    public static string Render(IEnumerable<string> path) => string.Join('.', path.Select(RenderKey));

    public static string RenderKey(string key)
    {
        bool isPlain = key.Length > 0 && key != "include" && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
        return isPlain ? key : HoconWriter.Quote(key);
    }

    public static string Describe(HoconCursor cursor) => cursor.Peek() switch
    {
        _ when cursor.AtEnd => "the end of the text",
        '\n' => "the end of the line",
        char other => $"'{other}'",
    };
}
