namespace Agent.Tests.Architecture;

/// <summary>A file of the tree: its path from the root with forward slashes, its text, and of C# the code and the comments apart.</summary>
public sealed class SourceFile
{
    private readonly Lazy<CodeText> _parts;

    public SourceFile(string path, string text)
    {
        Path = path;
        Text = text;
        _parts = new Lazy<CodeText>(() => CodeText.Split(text));
    }

    public string Path { get; }

    public string Text { get; }

    public string[] Lines => Text.Split('\n');

    /// <summary>The text with comments and the contents of literals blanked; positions and lines stay.</summary>
    public string Code => _parts.Value.Code;

    /// <summary>The text with everything but comments blanked; positions and lines stay.</summary>
    public string Comments => _parts.Value.Comments;

    /// <summary>The first folder of the path: <c>Agent.Dns</c>.</summary>
    public string Project => Path.Split('/')[0];

    /// <summary>The folder directly in the project, or nothing for a file beside it.</summary>
    public string Room => Path.Split('/') is { Length: > 2 } parts ? parts[1] : "";

    public int LineAt(int position) => Text.AsSpan(0, position).Count('\n') + 1;
}

/// <summary>Where a rule is broken, and how.</summary>
public sealed record Finding(string Path, int Line, string Problem)
{
    public override string ToString() => $"{Path}:{Line}: {Problem}";
}
