using System.Text;
using Agent.Dns.Records;
using Agent.Dns.Wire;

namespace Agent.Tests.Dns.Records;

public class RdataRoundTripTests
{
    public static TheoryData<string, string> Samples => RecordSamples.Rows(RecordSamples.All);

    public static TheoryData<string, string> GenericSamples => RecordSamples.Rows(RecordSamples.Generic);

    [Theory]
    [MemberData(nameof(Samples))]
    public void TextComesBack(string type, string text)
    {
        Assert.True(RecordTypeText.TryParse(Encoding.ASCII.GetBytes(type), out RecordType parsed));
        var rdata = RecordSamples.Parse(parsed, text);
        Assert.Equal($"{type} {text}", Print(parsed, rdata));
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void TheGenericFormGivesTheSameBytes(string type, string text)
    {
        Assert.True(RecordTypeText.TryParse(Encoding.ASCII.GetBytes(type), out RecordType parsed));
        var rdata = RecordSamples.Parse(parsed, text);
        var generic = Print(parsed, rdata, new RdataTextStyle([parsed]));
        Assert.StartsWith($"TYPE{(ushort)parsed} \\# {rdata.Length}", generic, StringComparison.Ordinal);
        Assert.Equal(rdata, RecordSamples.Parse(parsed, generic[(generic.IndexOf(' ', StringComparison.Ordinal) + 1)..]));
    }

    [Theory]
    [MemberData(nameof(GenericSamples))]
    public void TypesWithoutTextFormAreWrittenByNumber(string type, string text)
    {
        Assert.True(RecordTypeText.TryParse(Encoding.ASCII.GetBytes(type), out RecordType parsed));
        Assert.Equal($"TYPE{(ushort)parsed} {text}", Print(parsed, RecordSamples.Parse(parsed, text)));
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void CutDataIsWrittenGenericallyAndComesBack(string type, string text)
    {
        Assert.True(RecordTypeText.TryParse(Encoding.ASCII.GetBytes(type), out RecordType parsed));
        var whole = RecordSamples.Parse(parsed, text);
        for (var length = 0; length < whole.Length; length++)
        {
            var cut = whole[..length];
            var printed = Print(parsed, cut);
            var data = printed.Split(' ', 2) is [_, var rest] ? rest : "";
            Assert.Equal(cut, RecordSamples.Parse(parsed, data));
        }
    }

    [Fact]
    public void EveryTypeWithFieldsHasASample()
    {
        var sampled = RecordSamples.All.Select(sample => sample.Type).ToHashSet();
        var withText = Enum.GetValues<RecordType>().Where(RecordSamples.HasTextForm).Except([RecordType.MD, RecordType.MF]);
        Assert.Empty(withText.Except(sampled));
    }

    private static string Print(RecordType type, byte[] rdata, RdataTextStyle? style = null)
    {
        using var buffer = new RecordTextBuffer();
        RecordText.WriteTypeAndRdata(type, rdata, buffer, style);
        return Encoding.ASCII.GetString(buffer.Written);
    }
}
