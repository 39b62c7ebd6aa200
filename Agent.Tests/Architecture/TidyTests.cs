namespace Agent.Tests.Architecture;

/// <summary>The rules over the whole tree.</summary>
public sealed class TidyTests
{
    [Fact]
    public void The_tree_is_found() =>
        Assert.Contains(SourceTree.CSharpFiles, file => file.Path == "Agent.Tests/Architecture/TidyTests.cs");

    [Fact]
    public void Lines_are_short() => FindingAssert.None(SourceTree.CSharpFiles.SelectMany(TidyRules.LineLength));

    [Fact]
    public void Files_hold_one_idea() => FindingAssert.None(SourceTree.CSharpFiles.SelectMany(TidyRules.FileLength));

    [Fact]
    public void Functions_fit_on_a_screen() => FindingAssert.None(SourceTree.CSharpFiles.SelectMany(TidyRules.FunctionLength));

    [Fact]
    public void Lines_end_with_a_line_feed() => FindingAssert.None(SourceTree.TextFiles.SelectMany(TidyRules.LineEndings));

    [Fact]
    public void Nothing_is_left_unfinished() => FindingAssert.None(SourceTree.CSharpFiles.SelectMany(TidyRules.UnfinishedWork));

    [Fact]
    public void Documentation_says_something() => FindingAssert.None(SourceTree.CSharpFiles.SelectMany(TidyRules.EmptyDocumentation));

    [Fact]
    public void Log_events_have_names() => FindingAssert.None(SourceTree.CSharpFiles.SelectMany(TidyRules.NamelessEvents));

    [Fact]
    public void Tests_wait_on_conditions() =>
        FindingAssert.None(SourceTree.CSharpFiles.Where(file => file.Project == "Agent.Tests").SelectMany(TidyRules.Sleeps));

    [Fact]
    public void Tests_can_fail() =>
        FindingAssert.None(SourceTree.CSharpFiles.Where(file => file.Project == "Agent.Tests").SelectMany(TidyRules.TestsThatCannotFail));

    [Fact]
    public void Namespaces_follow_folders() =>
        FindingAssert.None(SourceTree.CSharpFiles.SelectMany(DependencyRules.NamespaceFollowsFolder));

    /// <summary>A room of the tests that mirrors one of the product is explained there; the others explain themselves.</summary>
    [Fact]
    public void Every_room_says_what_lives_there()
    {
        HashSet<string> readmes = [.. SourceTree.TextFiles
            .Where(file => file.Path.EndsWith("/README.md", StringComparison.Ordinal) && file.Text.Length > 40)
            .Select(file => file.Path)];
        (string Project, string Name)[] rooms =
            [.. SourceTree.CSharpFiles.Where(file => file.Room.Length > 0).Select(file => (file.Project, file.Room)).Distinct()];
        HashSet<string> mirrored = [.. rooms
            .Where(room => room.Project != "Agent.Tests")
            .SelectMany(room => (string[])[room.Name, room.Project["Agent.".Length..]])];

        IEnumerable<string> silent = rooms
            .Where(room => room.Project != "Agent.Tests" || !mirrored.Contains(room.Name))
            .Select(room => $"{room.Project}/{room.Name}/README.md")
            .Where(readme => !readmes.Contains(readme));

        Assert.Equal([], silent);
    }
}
