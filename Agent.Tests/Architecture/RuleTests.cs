namespace Agent.Tests.Architecture;

/// <summary>Each rule on small samples: it finds what is wrong and leaves alone what only looks so.</summary>
public sealed class RuleTests
{
    private const string Marker = "TO" + "DO";

    [Fact]
    public void Literals_and_comments_are_not_code()
    {
        SourceFile file = Sample(""""
            // if (x) { comment }
            var a = "text { \" brace"; var b = '{'; var c = '\''; /* { */ var d = @"C:\ "" {";
            var e = $"hole {inner("}")} {{ no hole }}"; var f = """raw " { """; var g = $$"""raw {{hole}} { """;
            """");

        Assert.DoesNotContain("comment", file.Code, StringComparison.Ordinal);
        Assert.DoesNotContain("text", file.Code, StringComparison.Ordinal);
        Assert.DoesNotContain("raw", file.Code, StringComparison.Ordinal);
        Assert.Contains("inner(", file.Code, StringComparison.Ordinal);
        Assert.Contains("hole", file.Code.Split('\n')[2], StringComparison.Ordinal);
        Assert.Contains("var d =", file.Code, StringComparison.Ordinal);
        Assert.DoesNotContain('{', file.Code);
        Assert.DoesNotContain('}', file.Code);
        Assert.Contains("if (x) { comment }", file.Comments, StringComparison.Ordinal);
    }

    [Fact]
    public void Finds_a_long_line()
    {
        Assert.Equal([2], Lines(TidyRules.LineLength(Sample($"short\n{new string('x', 141)}\n"))));
        Assert.Empty(TidyRules.LineLength(Sample(new string('x', 140))));
        string recorded = $"byte[] key = FromHex(\"{new string('0', 200)}\");";
        Assert.NotEmpty(TidyRules.LineLength(Sample(recorded)));
        Assert.Empty(TidyRules.LineLength(new SourceFile("Agent.Tests/Sample/X.cs", recorded)));
    }

    [Fact]
    public void Finds_a_long_file()
    {
        Assert.NotEmpty(TidyRules.FileLength(Sample(Repeat("x\n", 501))));
        Assert.Empty(TidyRules.FileLength(Sample(Repeat("x\n", 500))));
    }

    [Theory]
    [InlineData("void F(int a = 3)\n{\n", "}\n", 1)]
    [InlineData("void F<T>() where T : struct\n{\n", "}\n", 1)]
    [InlineData("int P\n{\nget\n{\n", "}\n}\n", 1)]
    [InlineData("class C\n{\nvoid F()\n{\nif (a)\n{\n", "}\n}\n}\n", 1)]
    [InlineData("class C(int a)\n{\n", "}\n", 0)]
    [InlineData("record R(int A) : Base(A)\n{\n", "}\n", 0)]
    [InlineData("static readonly T[] Table = new T(1)\n{\n", "}\n", 0)]
    [InlineData("namespace N\n{\n", "}\n", 0)]
    public void Finds_a_long_function(string head, string tail, int expected)
    {
        Assert.Equal(expected, TidyRules.FunctionLength(Sample(head + Repeat("x = 1;\n", 80) + tail)).Count());
        Assert.Empty(TidyRules.FunctionLength(Sample(head + Repeat("x = 1;\n", 70) + tail)));
    }

    [Fact]
    public void Finds_wrong_line_ends()
    {
        Assert.Equal([2], Lines(TidyRules.LineEndings(Sample("a\nb\r\nc\n"))));
        Assert.Equal([2], Lines(TidyRules.LineEndings(Sample("a\nb"))));
        Assert.Empty(TidyRules.LineEndings(Sample("a\nb\n")));
    }

    [Fact]
    public void Finds_unfinished_work()
    {
        Assert.Equal([2], Lines(TidyRules.UnfinishedWork(Sample($"int a;\n// {Marker}: later\n"))));
        Assert.NotEmpty(TidyRules.UnfinishedWork(Sample("throw new NotImplemented" + "Exception();")));
        Assert.Empty(TidyRules.UnfinishedWork(Sample($"string a = \"{Marker}\";")));
    }

    [Theory]
    [InlineData("/// <summary></summary>", 1)]
    [InlineData("/// <summary>\n/// </summary>", 1)]
    [InlineData("/// <param name=\"x\">The x.</param>", 1)]
    [InlineData("/// <returns> </returns>", 1)]
    [InlineData("/// <param name=\"x\">The x in seconds.</param>", 0)]
    [InlineData("/// <inheritdoc/>", 0)]
    public void Finds_empty_documentation(string text, int expected) =>
        Assert.Equal(expected, TidyRules.EmptyDocumentation(Sample(text)).Count());

    [Theory]
    [InlineData("[LoggerMessage(Level = LogLevel.Error, Message = \"away\")]", 1)]
    [InlineData("[LoggerMessage(1, LogLevel.Error, \"EventName = [away]\")]", 1)]
    [InlineData("[LoggerMessage(EventName = \"LogAway\", Level = LogLevel.Error, Message = \"away\")]", 1)]
    [InlineData("[LoggerMessage(\nEventName = \"server-away\",\nLevel = LogLevel.Error, Message = \"away\")]", 0)]
    [InlineData("[LoggerMessage(EventName = \"zone\", Level = LogLevel.Error, Message = \"[away]\")]", 0)]
    public void Finds_log_events_without_a_name(string text, int expected) =>
        Assert.Equal(expected, TidyRules.NamelessEvents(Sample(text)).Count());

    [Fact]
    public void Finds_sleeps_and_tests_that_cannot_fail()
    {
        Assert.NotEmpty(TidyRules.Sleeps(Sample("await Task." + "Delay(5);")));
        Assert.NotEmpty(TidyRules.Sleeps(Sample("Thread." + "Sleep(5);")));
        Assert.Empty(TidyRules.Sleeps(Sample("// no Thread." + "Sleep here")));
        Assert.NotEmpty(TidyRules.TestsThatCannotFail(Sample("Assert." + "True(true);")));
        Assert.NotEmpty(TidyRules.TestsThatCannotFail(Sample("[Fact(Sk" + "ip = \"later\")]")));
    }

    [Fact]
    public void Finds_references_upward()
    {
        Dictionary<string, string[]> references = new(StringComparer.Ordinal)
        {
            ["Agent.Dns"] = ["Agent.Actors"],
            ["Agent.Actors"] = ["Agent.Dns"],
            ["Agent.Other"] = ["Agent.Dns"],
        };

        Assert.Equal(
            ["Agent.Dns may not reference Agent.Actors", "Agent.Other may not reference Agent.Dns"],
            DependencyRules.ProjectDirections(references));
    }

    [Theory]
    [InlineData("Kernel", "using Agent.Actors.Zones;", 1)]
    [InlineData("Kernel", "using Agent.Dns.Wire;", 1)]
    [InlineData("Kernel", "namespace Agent.Actors.Kernel.Simulation;", 0)]
    [InlineData("Transfers", "using Agent.Actors.Kernel;\nusing Agent.Dns.Wire;", 0)]
    [InlineData("Journal", "using Agent.Actors.Transfers;", 1)]
    [InlineData("Transfers", "using Agent.Actors.Backends;", 1)]
    [InlineData("Zones", "using Agent.Actors.Transfers;", 0)]
    [InlineData("Zones", "Agent.Actors.Listeners.Request x;", 1)]
    [InlineData("Attic", "", 1)]
    public void Finds_rooms_that_know_too_much(string room, string text, int expected) =>
        Assert.Equal(expected, DependencyRules.ActorRoomDirections(new SourceFile($"Agent.Actors/{room}/X.cs", text)).Count());

    [Theory]
    [InlineData("new Socket(family, type, protocol)", 1)]
    [InlineData("File.ReadAllText(path);", 1)]
    [InlineData("zone.File.Length", 0)]
    [InlineData("new HttpClient()", 1)]
    [InlineData("Task.Run(() => 1);", 1)]
    [InlineData("Process.Start(x);", 1)]
    [InlineData("Process(message);", 0)]
    [InlineData("// a Socket is not touched here", 0)]
    public void Finds_actors_that_touch_the_outside(string text, int expected) =>
        Assert.Equal(expected, DependencyRules.ActorsTouchNothingOutside(Sample(text)).Count());

    [Fact]
    public void Finds_actors_that_wait()
    {
        Assert.NotEmpty(DependencyRules.ActorsDoNotWait(Sample("var x = zone.Ask<Reply>(message);")));
        Assert.NotEmpty(DependencyRules.ActorsDoNotWait(Sample("await task;")));
        Assert.Empty(DependencyRules.ActorsDoNotWait(Sample("zone.Tell(message, Self);")));
    }

    [Fact]
    public void Finds_a_namespace_elsewhere()
    {
        SourceFile elsewhere = new("Agent.Dns/Wire/X.cs", "namespace Agent.Dns;\n");
        SourceFile inPlace = new("Agent.Dns/Wire/X.cs", "using System;\nnamespace Agent.Dns.Wire;\n");
        SourceFile below = new("Agent.Dns/Wire/Part/X.cs", "namespace Agent.Dns.Wire;\n");

        Assert.NotEmpty(DependencyRules.NamespaceFollowsFolder(elsewhere));
        Assert.Empty(DependencyRules.NamespaceFollowsFolder(inPlace));
        Assert.Empty(DependencyRules.NamespaceFollowsFolder(below));
    }

    private static SourceFile Sample(string text) => new("Agent.Sample/X.cs", text);

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));

    private static IEnumerable<int> Lines(IEnumerable<Finding> findings) => findings.Select(finding => finding.Line);
}
