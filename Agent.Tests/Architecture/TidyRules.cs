using System.Text.RegularExpressions;

namespace Agent.Tests.Architecture;

/// <summary>Rules on the form of single files. Each returns what it finds wrong, nothing when all is well.</summary>
public static partial class TidyRules
{
    public const int LineLengthMax = 140;
    public const int RecordedDataMin = 80;
    public const int FileLinesMax = 500;
    public const int FunctionLinesMax = 80;

    private const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;

    /// <summary>Words at the head of a block that make it a statement or a type and not a function.</summary>
    private static readonly Regex NotFunction = new(
        @"(^|[^\w.])(if|for|foreach|while|do|switch|using|lock|catch|fixed|else|try|finally|when|checked|unchecked|unsafe(?=\s*$)|" +
        @"class|struct|record|interface|enum|namespace)\b",
        Options);

    private static readonly Regex Unfinished = new(@"\b(TO" + @"DO|FIX" + @"ME|HA" + @"CK|XX" + @"X|TB" + @"D)\b", Options);

    /// <summary>Recorded data in a literal of a test (a key, a message) stays in one piece and is not counted.</summary>
    public static IEnumerable<Finding> LineLength(SourceFile file)
    {
        string[] code = file.Code.Split('\n');
        string[] comments = file.Comments.Split('\n');
        foreach ((int index, string line) in file.Lines.Index())
        {
            int data = file.Project == "Agent.Tests"
                ? line.Index().Count(c => c.Item != ' ' && code[index][c.Index] == ' ' && comments[index][c.Index] == ' ')
                : 0;
            int length = line.Length - (data >= RecordedDataMin ? data : 0);
            if (length > LineLengthMax)
            {
                yield return new Finding(file.Path, index + 1, $"{length} characters in a line, {LineLengthMax} are allowed");
            }
        }
    }

    public static IEnumerable<Finding> FileLength(SourceFile file)
    {
        int lines = file.Text.Count(c => c == '\n');
        return lines <= FileLinesMax ? [] : [new Finding(file.Path, lines, $"{lines} lines, {FileLinesMax} are allowed")];
    }

    public static IEnumerable<Finding> LineEndings(SourceFile file)
    {
        if (file.Text.Contains('\r', StringComparison.Ordinal))
        {
            yield return new Finding(file.Path, file.LineAt(file.Text.IndexOf('\r', StringComparison.Ordinal)), "a carriage return");
        }

        if (file.Text.Length > 0 && !file.Text.EndsWith('\n'))
        {
            yield return new Finding(file.Path, file.Lines.Length, "no newline at the end");
        }
    }

    /// <summary>Functions, accessors and local functions, each with all that is inside it.</summary>
    public static IEnumerable<Finding> FunctionLength(SourceFile file)
    {
        string code = file.Code;
        Stack<(int Open, bool IsFunction)> blocks = new();
        int head = 0;
        for (int i = 0; i < code.Length; i++)
        {
            if (code[i] == '{')
            {
                blocks.Push((i, IsFunctionHead(code[head..i])));
            }
            else if (code[i] == '}' && blocks.TryPop(out (int Open, bool IsFunction) block) && block.IsFunction)
            {
                int lines = file.LineAt(i) - file.LineAt(block.Open) + 1;
                if (lines > FunctionLinesMax)
                {
                    yield return new Finding(
                        file.Path, file.LineAt(block.Open), $"a function of {lines} lines, {FunctionLinesMax} are allowed");
                }
            }

            head = code[i] is '{' or '}' or ';' ? i + 1 : head;
        }
    }

    public static IEnumerable<Finding> UnfinishedWork(SourceFile file)
    {
        IEnumerable<Finding> marks = Unfinished.Matches(file.Comments)
            .Select(mark => new Finding(file.Path, file.LineAt(mark.Index), $"{mark.Value}: finish it, or write an issue"));
        return [.. marks, .. Words(file, @"\bNotImplemented" + "Exception\\b", "an unfinished function")];
    }

    public static IEnumerable<Finding> EmptyDocumentation(SourceFile file) => EmptyDocumentationPattern().Matches(file.Comments)
        .Select(match => new Finding(file.Path, file.LineAt(match.Index), $"documentation that says nothing: {match.Value.Trim()}"));

    public static IEnumerable<Finding> Sleeps(SourceFile file) =>
        Words(file, @"\bThread\.Sleep\b|\bTask\.Delay\b", "a sleep in a test: wait on a condition, or use virtual time");

    public static IEnumerable<Finding> TestsThatCannotFail(SourceFile file) =>
        Words(file, @"\bAssert\.True\(\s*true\s*\)|\bSkip\s*=", "a test that cannot fail");

    /// <summary>Without a name of its own an event is called like its function, as events in other files are too.</summary>
    public static IEnumerable<Finding> NamelessEvents(SourceFile file) => EventPattern().Matches(file.Code)
        .Where(match => !EventNamePattern().IsMatch(file.Text.AsSpan(match.Index, match.Length)))
        .Select(match => new Finding(file.Path, file.LineAt(match.Index), "a log event without EventName = \"words-of-what-happened\""));

    /// <summary>Findings for each match of a pattern in code, comments and literals left out.</summary>
    public static IEnumerable<Finding> Words(SourceFile file, string pattern, string problem) => Regex.Matches(file.Code, pattern, Options)
        .Select(match => new Finding(file.Path, file.LineAt(match.Index), $"{match.Value.Trim()}: {problem}"));

    private static bool IsFunctionHead(string head)
    {
        string trimmed = head.TrimEnd();
        bool isAccessor = AccessorPattern().IsMatch(trimmed);
        string signature = ConstraintPattern().Replace(trimmed, ")");
        return isAccessor || (signature.EndsWith(')') && !NotFunction.IsMatch(signature) && !HasAssignment(signature));
    }

    /// <summary>An equals sign outside all parentheses: the block initializes an object.</summary>
    private static bool HasAssignment(string head)
    {
        int depth = 0;
        foreach (char c in head)
        {
            depth += c is '(' or '[' ? 1 : c is ')' or ']' ? -1 : 0;
            if (c == '=' && depth == 0)
            {
                return true;
            }
        }

        return false;
    }

    [GeneratedRegex(@"(^|[\s\]])(get|set|init|add|remove)$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex AccessorPattern();

    [GeneratedRegex(@"\[LoggerMessage\b[^\]]*\]", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex EventPattern();

    [GeneratedRegex(@"[(,]\s*EventName = ""[a-z]+(-[a-z]+)*""", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex EventNamePattern();

    [GeneratedRegex(@"\)\s*where\s+\w+\s*:[^=;]*$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex ConstraintPattern();

    [GeneratedRegex(
        @"<(?<tag>summary|remarks|returns|value)>[\s/]*</\k<tag>>|<param name=""(?<name>\w+)"">\s*((The|A|An) \k<name>\.?)?\s*</param>|" +
        @"<summary>[\s/]*(Gets or sets|Gets|Sets) the (value|instance)\.?[\s/]*</summary>",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex EmptyDocumentationPattern();
}
