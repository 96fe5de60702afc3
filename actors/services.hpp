// Every service of a node and every message kind of the link, in one place.
//
// The numbers go over the wire: append only, never reuse.
#pragma once

#include "actors/service.hpp"

// CAF keeps these messages inside the process; the link carries them as protobuf.
#define SHOAL_WIRE_MESSAGE(type, number)                                                           \
  CAF_ALLOW_UNSAFE_MESSAGE_TYPE(::shoal::wire::type)                                               \
  template <>                                                                                      \
  struct shoal::actors::wire_kind<::shoal::wire::type> {                                           \
    static constexpr std::uint32_t value = number;                                                 \
  };

SHOAL_WIRE_MESSAGE(Ack, 1)
SHOAL_WIRE_MESSAGE(Hello, 2)
SHOAL_WIRE_MESSAGE(Members, 3)
SHOAL_WIRE_MESSAGE(Beat, 4)
SHOAL_WIRE_MESSAGE(ListHosts, 5)
SHOAL_WIRE_MESSAGE(Hosts, 6)
SHOAL_WIRE_MESSAGE(Announce, 7)
SHOAL_WIRE_MESSAGE(Lookup, 8)
SHOAL_WIRE_MESSAGE(Swarms, 9)
SHOAL_WIRE_MESSAGE(EndFetch, 10)
SHOAL_WIRE_MESSAGE(Serve, 11)
SHOAL_WIRE_MESSAGE(FindChunks, 12)
SHOAL_WIRE_MESSAGE(ChunkPlaces, 13)
SHOAL_WIRE_MESSAGE(FindPack, 14)
SHOAL_WIRE_MESSAGE(PackReference, 15)
SHOAL_WIRE_MESSAGE(Upload, 16)
SHOAL_WIRE_MESSAGE(CommitPublication, 17)
SHOAL_WIRE_MESSAGE(PublicationOutcome, 18)
SHOAL_WIRE_MESSAGE(Download, 19)
SHOAL_WIRE_MESSAGE(DocumentPart, 20)
SHOAL_WIRE_MESSAGE(FindImage, 21)
SHOAL_WIRE_MESSAGE(ImageRecord, 22)
SHOAL_WIRE_MESSAGE(ListImages, 23)
SHOAL_WIRE_MESSAGE(Images, 24)
SHOAL_WIRE_MESSAGE(RemoveImage, 25)
SHOAL_WIRE_MESSAGE(Removal, 26)
SHOAL_WIRE_MESSAGE(Forget, 27)
SHOAL_WIRE_MESSAGE(CheckPacks, 28)
SHOAL_WIRE_MESSAGE(CheckedPacks, 29)
SHOAL_WIRE_MESSAGE(PlaceImage, 30)
SHOAL_WIRE_MESSAGE(Placement, 31)
SHOAL_WIRE_MESSAGE(Prestage, 32)
SHOAL_WIRE_MESSAGE(PrestageProgress, 33)
SHOAL_WIRE_MESSAGE(CancelPrestage, 34)
SHOAL_WIRE_MESSAGE(PrestageHosts, 35)
SHOAL_WIRE_MESSAGE(PrestageReport, 36)
SHOAL_WIRE_MESSAGE(CountCopies, 37)
SHOAL_WIRE_MESSAGE(Copies, 38)
SHOAL_WIRE_MESSAGE(IndexMail, 39)

#undef SHOAL_WIRE_MESSAGE

namespace shoal::actors {

/// The GENERAL INDEX SERVER: membership, the catalogue, and who holds what in all racks.
using gis_service = service<
    // A host joins; the reply says who else is there and which of them are rack indexes.
    method<wire::Hello, wire::Members>,
    // A member is alive.
    method<wire::Beat, wire::Ack>, method<wire::ListHosts, wire::Hosts>,
    // A rack index, or a host without one, tells what hosts hold.
    method<wire::Announce, wire::Ack>,
    // Holders (woken up to serve) and fetchers of packs; registers a fetcher.
    method<wire::Lookup, wire::Swarms>, method<wire::EndFetch, wire::Ack>,
    // Where chunks lie that are known already.
    method<wire::FindChunks, wire::ChunkPlaces>, method<wire::FindPack, wire::PackReference>,
    // A publication goes up in parts, then all of it exists, or none.
    method<wire::Upload, wire::Ack>, method<wire::CommitPublication, wire::PublicationOutcome>,
    // Recipes and pack descriptors come down in parts.
    method<wire::Download, wire::DocumentPart>, method<wire::FindImage, wire::ImageRecord>,
    method<wire::ListImages, wire::Images>, method<wire::RemoveImage, wire::Removal>,
    // A host that was away asks what was removed meanwhile.
    method<wire::CheckPacks, wire::CheckedPacks>,
    // A host is about to evict.
    method<wire::CountCopies, wire::Copies>,
    // Where VMs of an image are to start.
    method<wire::PlaceImage, wire::Placement>,
    // Has hosts get an image ahead, and tells how far each is.
    method<wire::PrestageHosts, wire::PrestageReport>>;
using gis_actor = gis_service::actor;

/// The RACK INDEX: who in this rack holds which pieces; what it cannot answer it asks the GIS.
using rack_index_service = service<method<wire::Announce, wire::Ack>,
                                   method<wire::Lookup, wire::Swarms>,
                                   method<wire::EndFetch, wire::Ack>,
                                   // Documents come into a rack once.
                                   method<wire::Download, wire::DocumentPart>>;
using rack_index_actor = rack_index_service::actor;

/// The HOST AGENT: what the GIS may ask of a host.
using host_service = service<
    // Load these packs, somebody will fetch them.
    method<wire::Serve, wire::Ack>,
    // Who holds and fetches the packs this host fetches has changed.
    method<wire::Swarms, wire::Ack>,
    // Who is a member has changed.
    method<wire::Members, wire::Ack>,
    // Packs that no image needs any more: the host asks (CheckPacks) and frees them.
    method<wire::Forget, wire::Ack>,
    // Get an image ahead, or say how far that is.
    method<wire::Prestage, wire::PrestageProgress>, method<wire::CancelPrestage, wire::Ack>>;
using host_actor = host_service::actor;

/// The PIECE INDEX: what any node may have to say to any other about who holds which pieces.
using index_mail_service = service<method<wire::IndexMail, wire::Ack>>;
using index_mail_actor = index_mail_service::actor;

} // namespace shoal::actors
