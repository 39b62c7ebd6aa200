using System.Collections.Frozen;
using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Zones;
using Agent.Host.Releases;

namespace Agent.Host.Nodes;

/// <summary>The register of all that travels between nodes. docs/node-link.md says how a kind is added.</summary>
internal static class MessageKinds
{
    /// <summary>Every kind, in order of the numbers.</summary>
    public static readonly MessageKind[] All =
    [
        new MessageKind<RouteRequest>(16, MessagePlace.Frame, RouteFields.Write, RouteFields.ReadRequest),
        new MessageKind<RouteAccepted>(17, MessagePlace.Frame, RouteFields.Write, RouteFields.ReadAccepted),
        new MessageKind<RouteAnswer>(18, MessagePlace.Frame, RouteFields.Write, RouteFields.ReadAnswer),
        new MessageKind<RouteRefused>(19, MessagePlace.Frame, RouteFields.Write, RouteFields.ReadRefused),
        new MessageKind<AskShards>(20, MessagePlace.Frame, RouteFields.Write, RouteFields.ReadAsk),
        new MessageKind<ShardsAnswer>(21, MessagePlace.Frame, RouteFields.Write, RouteFields.ReadShardsAnswer),
        new MessageKind<ShardsAnswered>(22, MessagePlace.Frame, RouteFields.Write, RouteFields.ReadShardsAnswered),
        new MessageKind<WishForTarget>(32, MessagePlace.Frame, TargetFields.Write, TargetFields.ReadWish),
        new MessageKind<WishTaken>(33, MessagePlace.Frame, TargetFields.Write, TargetFields.ReadTaken),
        new MessageKind<ReportOfTarget>(34, MessagePlace.Frame, TargetFields.Write, TargetFields.ReadReport),
        new MessageKind<TargetHealthTold>(35, MessagePlace.Frame, TargetFields.Write, TargetFields.ReadHealth),
        new MessageKind<NodeQuestion>(48, MessagePlace.Frame, QuestionFields.Write, QuestionFields.ReadQuestion),
        new MessageKind<NodeAnswer>(49, MessagePlace.Frame, QuestionFields.Write, QuestionFields.ReadAnswer),
        new MessageKind<CreateZone>(64, MessagePlace.Request, ZoneFields.Write, ZoneFields.ReadCreate),
        new MessageKind<DeleteZone>(65, MessagePlace.Request, ZoneFields.Write, ZoneFields.ReadDelete),
        new MessageKind<NotifyZone>(66, MessagePlace.Request, ZoneFields.Write, ZoneFields.ReadNotify),
        new MessageKind<RefreshZone>(67, MessagePlace.Request, ZoneFields.Write, ZoneFields.ReadRefresh),
        new MessageKind<GetZone>(68, MessagePlace.Request, ZoneFields.Write, ZoneFields.ReadGet),
        new MessageKind<GetZoneContent>(69, MessagePlace.Request, ZoneFields.Write, ZoneFields.ReadGetContent),
        new MessageKind<DecideCandidate>(70, MessagePlace.Request, ZoneFields.Write, ZoneFields.ReadDecide),
        new MessageKind<ClaimZone>(71, MessagePlace.Request, CatalogFields.Write, CatalogFields.ReadClaim),
        new MessageKind<ReleaseZone>(72, MessagePlace.Request, CatalogFields.Write, CatalogFields.ReadRelease),
        new MessageKind<GetCatalog>(73, MessagePlace.Request, CatalogFields.Write, CatalogFields.ReadGet),
        new MessageKind<ApproveCatalog>(74, MessagePlace.Request, CatalogFields.Write, CatalogFields.ReadApprove),
        new MessageKind<LookAtTarget>(75, MessagePlace.Request, ZoneFields.Write, ZoneFields.ReadLook),
        new MessageKind<RemoveOrphan>(76, MessagePlace.Request, ZoneFields.Write, ZoneFields.ReadRemoveOrphan),
        new MessageKind<UndeleteZone>(77, MessagePlace.Request, ZoneFields.Write, ZoneFields.ReadUndelete),
        new MessageKind<ListZones>(80, MessagePlace.Question, ZoneFields.Write, ZoneFields.ReadListQuestion),
        new MessageKind<CountZones>(81, MessagePlace.Question, ZoneFields.Write, ZoneFields.ReadCountQuestion),
        new MessageKind<CountProven>(82, MessagePlace.Question, ZoneFields.Write, ZoneFields.ReadProvenQuestion),
        new MessageKind<ZoneReply>(96, MessagePlace.Answer, ZoneAnswerFields.Write, ZoneAnswerFields.ReadReply),
        new MessageKind<ZoneStatus>(97, MessagePlace.Answer, ZoneAnswerFields.Write, ZoneAnswerFields.ReadStatus),
        new MessageKind<ZoneContentReply>(98, MessagePlace.Answer, ZoneAnswerFields.Write, ZoneAnswerFields.ReadContentReply),
        new MessageKind<ZoneList>(99, MessagePlace.Answer, ZoneAnswerFields.Write, ZoneAnswerFields.ReadList),
        new MessageKind<ZoneCounts>(100, MessagePlace.Answer, ZoneAnswerFields.Write, ZoneAnswerFields.ReadCounts),
        new MessageKind<ProvenZones>(101, MessagePlace.Answer, ZoneAnswerFields.Write, ZoneAnswerFields.ReadProven),
        new MessageKind<CatalogStatus>(102, MessagePlace.Answer, CatalogFields.Write, CatalogFields.ReadStatus),
        .. AgentRelease.Current.MoreKinds,
    ];

    private static readonly FrozenDictionary<Type, MessageKind> ByType = All.ToFrozenDictionary(kind => kind.Type);
    private static readonly FrozenDictionary<int, MessageKind> ByNumber = All.ToFrozenDictionary(kind => kind.Number);

    public static MessageKind? Of(object message) => ByType.GetValueOrDefault(message.GetType());

    public static MessageKind? Of(int number) => ByNumber.GetValueOrDefault(number);
}
