using Agent.Host.Configuration.Hocon;

namespace Agent.Tests.Configuration.Hocon;

/// <summary>The specification's sections on syntax: separators, keys, strings, and what is refused where.</summary>
public class HoconSyntaxTests
{
    [Theory]
    [InlineData("", "{ }")]
    [InlineData("  \n\t # only a comment", "{ }")]
    [InlineData("{}", "{ }")]
    [InlineData("\uFEFF{ \"a\" : 1 }", "{ a = 1 }")]
    [InlineData("{ \"a\" : { \"b\" : [1, 2.5, -3e2, true, false, null, \"x\"] } }",
        "{ a = { b = [1, 2.5, -3e2, true, false, null, \"x\"] } }")]
    [InlineData("a = 1\nb : 2", "{ a = 1, b = 2 }")]
    [InlineData("a { b = 1 }", "{ a = { b = 1 } }")]
    [InlineData("a{b{c=1}}", "{ a = { b = { c = 1 } } }")]
    [InlineData("a = \n\n 1", "{ a = 1 }")]
    [InlineData("a = # why\n 1", "{ a = 1 }")]
    public void Braces_and_separators_may_be_left_out(string text, string expected) => Assert.Equal(expected, HoconText.Resolve(text));

    [Theory]
    [InlineData("a = 1 # text", "{ a = 1 }")]
    [InlineData("a = 1 // text", "{ a = 1 }")]
    [InlineData("a = 1// text", "{ a = 1 }")]
    [InlineData("a = \"# // text\"", "{ a = \"# // text\" }")]
    [InlineData("a = [ 1, # one\n 2 // two\n ]", "{ a = [1, 2] }")]
    [InlineData("a = /etc/agent", "{ a = \"/etc/agent\" }")]
    public void Comments_end_with_the_line(string text, string expected) => Assert.Equal(expected, HoconText.Resolve(text));

    [Theory]
    [InlineData("[1,2,3,]", "[1, 2, 3]")]
    [InlineData("[1\n2\n3]", "[1, 2, 3]")]
    [InlineData("[1,2,3\n]", "[1, 2, 3]")]
    [InlineData("[\n1\n,\n2\n]", "[1, 2]")]
    [InlineData("[]", "[]")]
    [InlineData("[\n]", "[]")]
    [InlineData("[ [ 1 ] [ 2 ] ]", "[[1, 2]]")]
    [InlineData("[ { a = 1, } ]", "[{ a = 1 }]")]
    public void Lists_take_commas_or_lines(string list, string expected) =>
        Assert.Equal($"{{ a = {expected} }}", HoconText.Resolve("a = " + list));

    [Theory]
    [InlineData("a = [1,,2]")]
    [InlineData("a = [,1]")]
    [InlineData("a = [1,,]")]
    [InlineData("a = [1")]
    [InlineData("a = 1,, b = 2")]
    [InlineData(", a = 1")]
    [InlineData("{ a = 1")]
    [InlineData("a = 1 }")]
    [InlineData("{ a = 1 } b = 2")]
    [InlineData("[1]")]
    [InlineData("a")]
    [InlineData("a =")]
    [InlineData("a = b = c")]
    [InlineData("a = 127.0.0.1:53")]
    [InlineData("a = x\"")]
    [InlineData("a = \"x\ny\"")]
    [InlineData("a = \"x\ty\"")]
    [InlineData("a = \"\\x\"")]
    [InlineData("a = \"\\u12\"")]
    [InlineData("a = \"\\")]
    [InlineData("a = \"\"\"x")]
    [InlineData("a = @x")]
    [InlineData("a = ${x")]
    [InlineData("a = ${}")]
    [InlineData("a = $x")]
    [InlineData(".a = 1")]
    [InlineData("a. = 1")]
    [InlineData("a..b = 1")]
    [InlineData("= 1")]
    [InlineData("a + = 1")]
    [InlineData("a = \u0001")]
    [InlineData("a\u0000 = 1")]
    public void Broken_text_is_refused_with_its_place(string text)
    {
        HoconException refused = HoconText.Refused(text);
        Assert.StartsWith("test.conf:", refused.Message);
        Assert.NotEmpty(refused.Problem);
    }

    [Theory]
    [InlineData("a = 1\n  b = [ 1,, 2 ]", 2, 11)]
    [InlineData("a {\n  b = 1\n", 1, 3)]
    [InlineData("x = 1\ny = \"abc\n", 2, 5)]
    [InlineData("a = 1 # c\r\nb = 192.0.2.1:53", 2, 14)]
    [InlineData("a = \"\"\"1\n2\"\"\"\nb = ${nope}", 3, 5)]
    public void Errors_name_line_and_column(string text, int line, int column)
    {
        HoconOrigin origin = HoconText.Refused(text).Origin;
        Assert.Equal((line, column), (origin.Line, origin.Column));
    }

    [Theory]
    [InlineData("a.b.c = 1", "{ a = { b = { c = 1 } } }")]
    [InlineData("a.b = 1\na.c = 2", "{ a = { b = 1, c = 2 } }")]
    [InlineData("\"a.b\" = 1", "{ \"a.b\" = 1 }")]
    [InlineData("a.\"b.c\".d = 1", "{ a = { \"b.c\" = { d = 1 } } }")]
    [InlineData("a b c : 42", "{ \"a b c\" = 42 }")]
    [InlineData("a b.c d : 42", "{ \"a b\" = { \"c d\" = 42 } }")]
    [InlineData("\"a\"b = 1", "{ ab = 1 }")]
    [InlineData("\"\" = 1", "{ \"\" = 1 }")]
    [InlineData("3.14 : 42", "{ 3 = { 14 = 42 } }")]
    [InlineData("10.0foo : 42", "{ 10 = { 0foo = 42 } }")]
    [InlineData("true : 42", "{ true = 42 }")]
    [InlineData("null.a : 42", "{ null = { a = 42 } }")]
    [InlineData("a : { b : 1 }, a.b : 2", "{ a = { b = 2 } }")]
    [InlineData("foo include : 42", "{ \"foo include\" = 42 }")]
    [InlineData("\"include\" : 42", "{ \"include\" = 42 }")]
    [InlineData("includes : 42", "{ includes = 42 }")]
    public void Keys_are_paths(string text, string expected) => Assert.Equal(expected, HoconText.Resolve(text));

    [Theory]
    [InlineData("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", "\"\\/\b\f\n\r\té")]
    [InlineData("\"\\uD83D\\uDE00\"", "\U0001F600")]
    [InlineData("\"\"\"a\\n\"b\"\"\"", "a\\n\"b")]
    [InlineData("\"\"\"line 1\nline 2\"\"\"", "line 1\nline 2")]
    [InlineData("\"\"\"foo\"\"\"\"", "foo\"")]
    [InlineData("\"\"\"foo\"\"\"\"\"", "foo\"\"")]
    [InlineData("\"\"\"\"\"\"", "")]
    [InlineData("\"\"", "")]
    public void Strings(string written, string expected)
    {
        var scalar = Assert.IsType<HoconScalar>(HoconText.Load("a = " + written).Find("a"));
        Assert.Equal(expected, scalar.Text);
    }

    [Theory]
    [InlineData("1 2 3", "1 2 3")]
    [InlineData("  foo bar  baz  ", "foo bar  baz")]
    [InlineData("foo\"bar\" baz", "foobar baz")]
    [InlineData("\"foo\"  \"bar\"", "foo  bar")]
    [InlineData("1true null", "1true null")]
    [InlineData("10.0.0.0/8", "10.0.0.0/8")]
    [InlineData("0x2F", "0x2F")]
    [InlineData("a;b", "a;b")]
    [InlineData("1.0 \"\"", "1.0 ")]
    public void Simple_values_on_a_line_join_to_one_string(string written, string expected)
    {
        var scalar = Assert.IsType<HoconScalar>(HoconText.Load("a = " + written).Find("a"));
        Assert.Equal(expected, scalar.Text);
    }

    [Fact]
    public void Null_is_null_only_when_alone_and_unquoted()
    {
        HoconObject root = HoconText.Load("a = null\nb = \"null\"\nc = null null\nd = ${a}\ne = x${a}");
        Assert.True(((HoconScalar)root.Find("a")!).IsNull);
        Assert.False(((HoconScalar)root.Find("b")!).IsNull);
        Assert.False(((HoconScalar)root.Find("c")!).IsNull);
        Assert.True(((HoconScalar)root.Find("d")!).IsNull);
        Assert.Equal("xnull", ((HoconScalar)root.Find("e")!).Text);
    }

    [Theory]
    [InlineData("a = 1, a = 2", "{ a = 2 }")]
    [InlineData("foo : { a : 42 }, foo : { b : 43 }", "{ foo = { a = 42, b = 43 } }")]
    [InlineData("foo : { a : 42 }, foo : null, foo : { b : 43 }", "{ foo = { b = 43 } }")]
    [InlineData("foo : { a : 42 }, foo : 1", "{ foo = 1 }")]
    [InlineData("foo : 1, foo : { a : 42 }", "{ foo = { a = 42 } }")]
    [InlineData("foo : [1], foo : [2]", "{ foo = [2] }")]
    [InlineData("a { x { y = 1 } }, a.x.z = 2, a { x { y = 3 } }", "{ a = { x = { y = 3, z = 2 } } }")]
    public void Objects_merge_and_everything_else_is_replaced(string text, string expected) =>
        Assert.Equal(expected, HoconText.Resolve(text));

    [Fact]
    public void What_is_written_reads_back_equal()
    {
        const string text =
            "a { \"b.c\" = [1, \"x y\", { q = null }], d = \"true\", e = true, f = \"\"\"l1\nl2\\\"\"\"\", \"\" = {} }\ninclusive = []";
        HoconObject first = HoconText.Load(text);
        string written = HoconWriter.Write(first);
        Assert.Equal(HoconWriter.Inline(first), HoconText.Resolve(written));
        Assert.Equal(written, HoconWriter.Write(HoconText.Load(written)));
    }
}
