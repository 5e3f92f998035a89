#!/bin/sh
. "$(dirname "$0")/_common.sh"
begin vmdkmount; need vmdkmount
head -c 4194304 /dev/urandom >$W/i-flat.vmdk
cat >$W/i.vmdk <<'X'
# Disk DescriptorFile
version=1
CID=12345678
parentCID=ffffffff
createType="twoGbMaxExtentFlat"

# Extent description
RW 8192 FLAT "i-flat.vmdk" 0

# The Disk Data Base
#DDB
ddb.virtualHWVersion = "4"
ddb.geometry.cylinders = "8"
ddb.geometry.heads = "16"
ddb.geometry.sectors = "63"
ddb.adapterType = "ide"
X
bg vmdkmount $W/i.vmdk $MNT
mounted; ls -l $MNT; cmp $MNT/vmdk1 $W/i-flat.vmdk || die content; um; pass
