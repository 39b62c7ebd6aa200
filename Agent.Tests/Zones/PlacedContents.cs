using Agent.Dns.Zones;

namespace Agent.Tests.Zones;

/// <summary>A store of contents as a journal is one: who let go of a handle gets another one by what is known of it.</summary>
internal sealed class PlacedContents : ZoneContentPlace
{
    private readonly Dictionary<ContentHash, ZoneContent> _contents = [];

    public override ZoneContent Content(ZoneFacts facts) => new Placed(facts, this);

    /// <summary>A handle on the content as it lies here.</summary>
    public ZoneContent Keep(ZoneContent content)
    {
        _contents[content.Hash] = content;
        return Content(content.Facts);
    }

    private sealed class Placed(ZoneFacts facts, PlacedContents place) : ZoneContent(facts)
    {
        public override ZoneContentPlace Place => place;

        public override RecordStream Open() => place._contents[Hash].Open();
    }
}
