using Agent.Host.Configuration.Hocon;

namespace Agent.Tests.Configuration.Hocon;

public sealed class HoconIncludeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("agent-hocon-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("include \"part.conf\"", "{ x = 10, y = 10 }")]
    [InlineData("include file(\"part.conf\")", "{ x = 10, y = 10 }")]
    [InlineData("include required(file(\"part.conf\"))", "{ x = 10, y = 10 }")]
    [InlineData("include required( \"part.conf\" )", "{ x = 10, y = 10 }")]
    [InlineData("include \"part\"", "{ x = 10, y = 10 }")]
    [InlineData("a { include \"part.conf\" }", "{ a = { x = 10, y = 10 } }")]
    [InlineData("a { include \"part.conf\"\n x = 42 }", "{ a = { x = 42, y = 42 } }")]
    [InlineData("a { include \"part.conf\" }, b = ${a.y}", "{ a = { x = 10, y = 10 }, b = 10 }")]
    [InlineData("x = 1\ninclude \"absent.conf\"", "{ x = 1 }")]
    [InlineData("include \"sub/outer.conf\"", "{ inner = { z = 5, from = 7 }, top = 7 }")]
    [InlineData("include \"data.json\"", "{ j = [1] }")]
    [InlineData("include \"conf.d/*.conf\"", "{ n = 2, one = true, two = true }")]
    [InlineData("include \"none/*.conf\"", "{ }")]
    public void Files_are_put_in_place(string text, string expected)
    {
        Write("part.conf", "x = 10\ny = ${x}");
        Write("sub/outer.conf", "inner { include \"deep/inner.conf\" }, top = 7");
        Write("sub/deep/inner.conf", "{ z = 5, from = ${top} }");
        Write("data.json", "{ \"j\": [1] }");
        Write("conf.d/2.conf", "n = 2, two = true");
        Write("conf.d/1.conf", "n = 1, one = true");
        Assert.Equal(expected, HoconWriter.Inline(Load(Write("main.conf", text))));
    }

    [Theory]
    [InlineData("include required(\"absent.conf\")", "does not exist")]
    [InlineData("include url(\"http://x/\")", "only files")]
    [InlineData("include classpath(\"x\")", "only files")]
    [InlineData("include : 42", "include statement")]
    [InlineData("include x", "include statement")]
    [InlineData("include \"main.conf\"", "includes itself")]
    [InlineData("include \"circle.conf\"", "includes itself")]
    [InlineData("include file(\"x\"", "expected ')'")]
    [InlineData("a = [ { include \"circle.conf\" } ]", "inside a list")]
    [InlineData("include \"binary.conf\"", "not UTF-8")]
    [InlineData("include \"broken.conf\"", "expected a value")]
    public void What_cannot_be_included_is_refused(string text, string problem)
    {
        Write("circle.conf", "b { include \"main.conf\" }");
        Write("broken.conf", "a = ");
        File.WriteAllBytes(Path.Combine(_folder, "binary.conf"), [0x61, 0xFF, 0xFE]);
        HoconException refused = Assert.Throws<HoconException>(() => Load(Write("main.conf", text)));
        Assert.Contains(problem, refused.Problem);
    }

    [Fact]
    public void A_chain_of_includes_is_bounded()
    {
        for (int i = 0; i < HoconIncludes.DepthMax + 2; i++) Write($"{i}.conf", $"include \"{i + 1}.conf\"");
        Assert.Contains("nested more than", Assert.Throws<HoconException>(() => Load(Path.Combine(_folder, "0.conf"))).Problem);
    }

    [Fact]
    public void The_number_of_included_files_is_bounded()
    {
        Write("leaf.conf", "a = 1");
        Write("main.conf", string.Concat(Enumerable.Repeat("include \"leaf.conf\"\n", HoconIncludes.FilesMax + 1)));
        Assert.Contains("files are included", Assert.Throws<HoconException>(() => Load(Path.Combine(_folder, "main.conf"))).Problem);
    }

    [Fact]
    public void An_absent_file_of_the_user_is_an_error()
    {
        Assert.Contains("cannot read", Assert.Throws<HoconException>(() => Load(Path.Combine(_folder, "absent.conf"))).Problem);
    }

    [Fact]
    public void Values_name_the_included_file()
    {
        Write("part.conf", "\n x = 10");
        HoconObject root = Load(Write("main.conf", "include \"part.conf\""));
        Assert.Equal(Path.Combine(_folder, "part.conf") + ":2:6", root.Find("x")!.Origin.ToString());
    }

    private static HoconObject Load(string path) => new HoconLoader(_ => null).AddFile(path).Resolve();

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }
}
