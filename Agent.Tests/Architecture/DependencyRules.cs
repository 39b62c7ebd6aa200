using System.Text.RegularExpressions;

namespace Agent.Tests.Architecture;

/// <summary>Who may know whom, between projects and between the rooms of Agent.Actors.</summary>
public static class DependencyRules
{
    /// <summary>Direct references; what those reference comes with them.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> AllowedProjectReferences = new SortedDictionary<string, string[]>
    {
        ["Agent.Dns"] = [],
        ["Agent.Actors"] = ["Agent.Dns"],
        ["Agent.Backends"] = ["Agent.Dns", "Agent.Actors"],
        ["Agent.Host"] = ["Agent.Dns", "Agent.Actors", "Agent.Backends"],
        ["Agent.SampleDriver"] = ["Agent.Dns", "Agent.Actors", "Agent.Backends"],
        ["Agent.Tests"] = ["Agent.Dns", "Agent.Actors", "Agent.Backends", "Agent.Host", "Agent.Bench", "Agent.SampleDriver"],
        ["Agent.Bench"] = ["Agent.Dns", "Agent.Actors", "Agent.Backends", "Agent.Host"],
    };

    private const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;

    /// <summary>
    /// The rooms of Agent.Actors from the ground up: each knows those of the rows before its own, and itself. Reasons and Telemetry hold
    /// words and counters only; the journal's rows are what targets and zones compare with.
    /// </summary>
    public static readonly string[][] ActorRooms =
        [["Kernel"], ["Reasons", "Telemetry"], ["Cluster"], ["Guards"], ["Journal"], ["Backends", "Transfers"], ["Zones"],
            ["Cookies"], ["Catalogs", "Listeners", "Anycast", "Sweeps"]];

    /// <summary>Actors speak to the outside through ports; these words belong into adapters in Agent.Host or Agent.Backends.</summary>
    private const string OutsideWorld =
        @"\bSystem\.Net\.Http\b|\bSystem\.Data\b|\bNpgsql\w*|\bSqlite\w*|\bDapper\b|" +
        @"\b(Socket|UdpClient|TcpClient|TcpListener|NetworkStream|HttpClient)\b|" +
        @"\b(FileStream|FileInfo|DirectoryInfo|StreamReader|StreamWriter)\b|" +
        @"(?<![\w.])(File|Directory|Console)\.[A-Z]|\bProcess\.Start\b|\bProcessStartInfo\b|\bTask\.Run\b|\bTask\.Factory\b|" +
        @"\bGetAwaiter\(\)\.GetResult\b";

    public static IEnumerable<string> ProjectDirections(IReadOnlyDictionary<string, string[]> references) =>
        from project in references
        from target in project.Value
        where !AllowedProjectReferences.TryGetValue(project.Key, out string[]? allowed) || !allowed.Contains(target, StringComparer.Ordinal)
        select $"{project.Key} may not reference {target}";

    public static IEnumerable<Finding> ActorRoomDirections(SourceFile file)
    {
        int level = Array.FindIndex(ActorRooms, row => row.Contains(file.Room, StringComparer.Ordinal));
        if (level < 0)
        {
            return [new Finding(file.Path, 1, $"the room {file.Room} has no place in the order of rooms")];
        }

        string[] allowed = [.. ActorRooms.Take(level).SelectMany(row => row), file.Room];
        IEnumerable<Finding> upward = Regex.Matches(file.Code, @"\bAgent\.Actors\.(?<room>\w+)", Options)
            .Where(mention => !allowed.Contains(mention.Groups["room"].Value, StringComparer.Ordinal))
            .Select(mention => new Finding(file.Path, file.LineAt(mention.Index), $"{file.Room} may not know {mention.Value}"));
        IEnumerable<Finding> dns = file.Room is "Kernel" or "Cluster"
            ? TidyRules.Words(file, @"\bAgent\.Dns\b", $"{file.Room} knows no DNS")
            : [];
        return [.. upward, .. dns];
    }

    public static IEnumerable<Finding> ActorsTouchNothingOutside(SourceFile file) =>
        TidyRules.Words(file, OutsideWorld, "actors reach the outside through ports only");

    /// <summary>An actor that waits for an answer blocks its zone; it sends a message and handles the reply as a message.</summary>
    public static IEnumerable<Finding> ActorsDoNotWait(SourceFile file) =>
        TidyRules.Words(file, @"\.Ask\s*[<(]|\bawait\b", "an actor does not wait for an answer, it handles it as a message");

    /// <summary>The namespace is the room's or follows the folders below it, so a reader finds a type where its name says.</summary>
    public static IEnumerable<Finding> NamespaceFollowsFolder(SourceFile file)
    {
        Match declared = Regex.Match(file.Code, @"^namespace\s+(?<name>[\w.]+)", Options | RegexOptions.Multiline);
        string folder = file.Path[..file.Path.LastIndexOf('/')].Replace('/', '.');
        string room = file.Room.Length == 0 ? file.Project : $"{file.Project}.{file.Room}";
        string actual = declared.Groups["name"].Value;
        return !declared.Success || ($"{folder}.".StartsWith($"{actual}.", StringComparison.Ordinal) && actual.Length >= room.Length)
            ? []
            : [new Finding(file.Path, file.LineAt(declared.Index), $"namespace {actual}, the folder says {folder}")];
    }
}
