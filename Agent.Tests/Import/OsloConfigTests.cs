using System.Text;
using Agent.Host.Import;

namespace Agent.Tests.Import;

public sealed class OsloConfigTests
{
    private readonly OsloConfig _config = new(new Dictionary<string, string> { ["state_path"] = "/var/lib/x" });

    [Fact]
    public void Later_lines_and_files_go_over_earlier_ones()
    {
        _config.AddText("[a]\none = 1\none: 2\ntwo = 2\n", "first");
        _config.AddText("[a]\ntwo = 3\n", "second");
        Assert.Equal(("2", "3"), (Value("a", "one"), Value("a", "two")));
        Assert.Equal("second:2: [a] two", _config.Find("a", "two")!.ToString());
    }

    [Theory]
    [InlineData("name = a b  ", "a b")]
    [InlineData("name: a=b", "a=b")]
    [InlineData("name=\"a \"", "a ")]
    [InlineData("name='a'", "a")]
    [InlineData("name=\"", "")]
    [InlineData("name=", "")]
    [InlineData("name = a # b", "a # b")]
    [InlineData("name = a,\n  b,\n\tc", "a,\nb,\nc")]
    [InlineData("name = a\n# between\n", "a")]
    public void A_value_is_read_as_oslo_does(string text, string expected)
    {
        _config.AddText(text, "f");
        Assert.Equal(expected, Value("DEFAULT", "name"));
    }

    [Theory]
    [InlineData("$state_path/zones", "/var/lib/x/zones")]
    [InlineData("${state_path}zones", "/var/lib/xzones")]
    [InlineData("$here/$top", "h/t")]
    [InlineData("${a.here}", "h")]
    [InlineData("$$here \\$here", "$here $here")]
    [InlineData("$nothing ${b.here} $ ${", "$nothing ${b.here} $ ${")]
    public void References_are_followed(string value, string expected)
    {
        _config.AddText($"top = t\n[a]\nhere = h\nname = {value}\n", "f");
        Assert.Equal(expected, Value("a", "name"));
    }

    [Fact]
    public void References_in_a_circle_and_values_that_grow_have_an_end()
    {
        _config.AddText("a = $b\nb = $a\n", "f");
        Assert.Contains("$", Value("DEFAULT", "a"), StringComparison.Ordinal);
        var wide = new StringBuilder("n0 = 0123456789\n");
        for (int i = 1; i < 8; i++) wide.Append($"n{i} = ").Insert(wide.Length, $"$n{i - 1}", 50).Append('\n');
        _config.AddText(wide.ToString(), "f");
        Assert.Throws<OsloConfigException>(() => Value("DEFAULT", "n7"));
    }

    [Theory]
    [InlineData("a = 1\n[b\n", "f:2: a section is written [name]")]
    [InlineData("[]\n", "f:1: a section is written [name]")]
    [InlineData("\n  a = 1\n", "f:2: the line begins with a blank")]
    [InlineData("word\n", "f:1: an option is written name = value")]
    [InlineData("= 1\n", "f:1: an option is written name = value")]
    public void What_is_no_such_file_is_refused_with_its_line(string text, string problem) =>
        Assert.StartsWith(problem, Assert.Throws<OsloConfigException>(() => _config.AddText(text, "f")).Message, StringComparison.Ordinal);

    [Fact]
    public void Any_text_is_read_or_refused()
    {
        var random = new Random(28);
        for (int i = 0; i < 2000; i++)
        {
            string text = new(random.GetItems<char>("ab=:[]$${}\\\"'#; \t\n\n", 60));
            var config = new OsloConfig(new Dictionary<string, string>());
            try
            {
                config.AddText(text, "f");
                foreach (OsloOption option in config.Options) Assert.NotNull(config.Resolve(option));
            }
            catch (OsloConfigException refusal)
            {
                Assert.Matches("^(f:[0-9]+|\\[)", refusal.Message);
            }
        }
    }

    private string Value(string section, string name) => _config.Resolve(_config.Find(section, name)!);
}
